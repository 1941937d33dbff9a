"""Scores that GPU servers found out while they made pictures: taken in where they can be true."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from companion_app.fleet import Job, ScoreWish
from companion_app.scoring import Scored
from companion_app.thumbnails import Thumbnailer
from vibes.decoding import Undecodable
from vibes.errors import InvalidInput, VibesError
from vibes.scoring.pictures import READ_AT_LEAST
from vibes.scoring.reports import Report, answers, from_json
from vibes.settings import Settings
from vibes.storage import PictureFiles

from .adherences import Adherences
from .scores import Scores, asked_of

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Reports looked into at the same time: as many as there are processes that hash pictures."""


class ServerScores:
    """Keeps what a server says of a picture as if the studio had found it out itself.

    What cannot be about this picture, this prompt and this model is left aside, and the studio
    scores the picture, as it does where a server says nothing. Nobody waits for any of it.
    """

    def __init__(
        self,
        *,
        scores: Scores,
        adherences: Adherences,
        files: PictureFiles,
        thumbnailer: Thumbnailer,
        lexicons: Path | None,
    ):
        self._scores = scores
        self._adherences = adherences
        self._files = files
        self._thumbnailer = thumbnailer
        self._lexicons = lexicons
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def collected(self, job: Job, server: str, report: str | None) -> None:
        """A picture was made; ``report`` is what its server says of it."""
        if report is None or not self._scores.is_on:
            self._scores.collected(job.id)
            return
        task = asyncio.ensure_future(self._take_in(job, server, report))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Leave what is not kept yet to the next start, which scores it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_in(self, job: Job, server: str, report: str) -> None:
        try:
            async with self._free:
                told = await self._believed(job, report)
                await self._adherences.keep(_scored(job.id, told), told.model, self._scores.scorer)
            return
        except (VibesError, Undecodable, BrokenProcessPool) as error:
            log.warning("%s: its score of image %s is not taken: %s", server, job.id, error)
        except Exception:  # a fault of ours must not leave the picture without a score
            log.exception("%s: its score of image %s is not taken", server, job.id)
        self._scores.collected(job.id)

    async def _believed(self, job: Job, text: str) -> Report:
        """The report; raises InvalidInput where it is none on this picture."""
        report = await asyncio.to_thread(_read, text, asked_of(job.recipe), self._lexicons)
        if not await self._scores.is_present_model(report.model):
            raise InvalidInput("its weights are not those of the studio's model.")
        data = await asyncio.to_thread(self._files.read, job.id)
        if await self._thumbnailer.hash(data, READ_AT_LEAST) != report.pixel_hash:
            raise InvalidInput("it is about another picture.")
        return report


def score_wish(settings: Settings) -> ScoreWish | None:
    """What servers are to score by; None where only the studio can do all the settings want."""
    scoring = settings.scoring
    if not scoring.enabled or scoring.permissive or scoring.plugins:
        return None
    known = scoring.model in settings.scoring_models
    return ScoreWish(scoring.model if known else Path(scoring.model).name, asked_of)


def _read(text: str, prompt: str, lexicons: Path | None) -> Report:
    report = from_json(text)
    if not answers(report, prompt, folder=lexicons):
        raise InvalidInput("it is about another prompt, or its word lists are others.")
    return report


def _scored(image_id: str, report: Report) -> Scored:
    return Scored(
        image_id=image_id,
        pixel_hash=report.pixel_hash,
        prompt_hash=report.prompt_hash,
        vector=report.vector,
        adherence=report.adherence,
    )
