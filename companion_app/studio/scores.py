"""Scoring pictures once they are made: what waits, what is scored, and what keeps it from being."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from companion_app.scoring import (
    ProcessEnded,
    Readiness,
    Ready,
    ScoringProcess,
    Task,
    Unscorable,
)
from vibes.errors import NotFound, ScoringUnavailable, StorageError, VibesError
from vibes.recipes import Recipe
from vibes.recommend import without_triggers
from vibes.settings import Settings
from vibes.stages import Image
from vibes.storage import PictureFiles, Store, StoreThread

from .adherences import Adherences
from .scoring_line import ScoringLine
from .views import View

log = logging.getLogger(__name__)

TOGETHER = 8
"""Pictures that go through the model at once."""
LAST_GRIDS = 20
"""Of these, pictures without a score are scored when the studio starts."""
IDLE_SECONDS = 300.0
"""The process goes when nothing came for so long: a model takes gigabytes."""
RETRY_SECONDS = 60.0
"""After the model could not be loaded, or the disk failed."""
MOST_FAILURES = 2
"""Processes that may end while they load the model."""
NO_MEMORY = (
    "The process that scores ended while it loaded the model. Is there memory enough for it? "
    "`scoring: {model: fast}` takes less."
)
HARMFUL = "The process that scores ended each time it looked at this picture."


class Scores:
    """Has every collected picture scored once, beside everything else.

    Nobody waits for it; where nothing can be scored, nothing is done.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: StoreThread,
        files: PictureFiles,
        adherences: Adherences,
        scoring_servers: Callable[[], Sequence[str]] = tuple,
        idle_seconds: float = IDLE_SECONDS,
    ):
        self._enabled = settings.scoring.enabled
        self._readiness = Readiness(settings)
        self._store = store
        self._files = files
        self._adherences = adherences
        self._scoring_servers = scoring_servers
        self._idle_seconds = idle_seconds
        self._process = ScoringProcess()
        self._line = ScoringLine()
        self._news = asyncio.Event()
        self._asked = asyncio.Event()
        self._failure: str | None = None
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to score, where the settings want it."""
        if self._enabled:
            self._task = asyncio.ensure_future(self._work())

    async def stop(self) -> None:
        """End the process; what waits is taken up again by the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._process.close()

    @property
    def is_on(self) -> bool:
        """Whether pictures are to be scored at all."""
        return self._task is not None

    @property
    def scorer(self) -> str:
        """What people call the present model."""
        return self._readiness.name

    async def is_present_model(self, key: str) -> bool:
        """Whether this is the key of the present model, as far as can be told here."""
        ready = await self._readiness.find()
        return ready is None or key.startswith(ready.key)

    def collected(self, image_id: str) -> None:
        """A picture was made that nobody else has scored."""
        if self._task is None:
            return
        self._line.add(image_id)
        self._news.set()
        if self._readiness.ready is not None:  # else a next start looks through the last grids
            self._store.put(lambda store: store.scorings.want([image_id]))

    async def rescore(self, batch_id: str | None, session_id: str | None) -> View:
        """Score what has no score of the present model: of a grid, a session, or at all.

        Raises NotFound, ScoringUnavailable.
        """
        key = (await self._readiness.demand()).key

        def read(store: Store) -> list[str]:
            found = _lacking(store, key, batch_id, session_id)
            store.scorings.want(found)
            return found

        self._line.add_later(await self._store.run(read))
        self._news.set()
        self._asked.set()
        return {"waiting": len(self._line)}

    async def view(self) -> View:
        """Whether pictures are scored, by what, and how many wait."""
        state, detail = await self._state()
        loaded, ready = self._process.loaded, self._readiness.ready
        return {
            "state": state,
            "detail": detail,
            "model": self._readiness.name,
            "licence": self._readiness.licence,
            "device": loaded.device if loaded else None,
            "waiting": len(self._line),
            **self._adherences.labels.view(ready.key if ready else ""),
        }

    async def _state(self) -> tuple[str, str]:
        if await self._readiness.find() is None:
            servers = self._scoring_servers()
            if servers and self._enabled:
                return "ready", f"Pictures are scored where they are made: {', '.join(servers)}."
            return "unavailable" if self._enabled else "off", self._readiness.why
        if self._failure is not None:
            return "failed", self._failure
        if self._process.loaded is not None:
            waiting = len(self._line)
            return "ready", f"{waiting} to be scored." if waiting else "Every picture is scored."
        if self._process.is_running:
            return "loading", "The model is being loaded."
        return "idle", "The model is loaded when the next picture comes."

    # --- the work ----------------------------------------------------------------------------

    async def _work(self) -> None:
        await self._guarded(self._take_up)
        while True:
            await self._guarded(self._go_on)

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        """A step; a fault in it must not end all later scoring."""
        try:
            await step()
        except VibesError as error:
            log.warning("Pictures wait to be scored: %s", error)
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            log.exception("Pictures wait to be scored")
            await asyncio.sleep(RETRY_SECONDS)

    async def _take_up(self) -> None:
        """What a former run left behind."""
        if not await self._store.run(lambda store: store.scorings.any_collected()):
            return
        ready = await self._readiness.find()
        if ready is not None:
            key = ready.key
            left = await self._store.run(lambda s: s.scorings.of_last_grids(key, LAST_GRIDS))
            self._line.add_later(left)

    async def _go_on(self) -> None:
        """Score the next pictures, or wait for some."""
        if not self._line:
            if not await _heard(self._news, self._idle_seconds):
                await self._process.close()
                await _heard(self._news, None)
            return
        ready = await self._readiness.find()
        if ready is None:
            self._line.clear()
        elif images := await self._next():
            await self._score(ready, images)

    async def _next(self) -> list[Image]:
        """The images that come next; what is gone leaves the line."""
        wanted = self._line.next(TOGETHER)
        found = await self._store.run(lambda store: _still_there(store, wanted))
        for image_id in set(wanted).difference(image.id for image in found):
            self._line.take_out(image_id)
        return found

    async def _score(self, ready: Ready, images: list[Image]) -> None:
        if not await self._load(ready):
            return
        tasks = [
            Task(image.id, self._files.original(image.id), asked_of(image.recipe))
            for image in images
        ]
        model = self._process.loaded.key if self._process.loaded else ready.key
        try:
            answers = await self._process.score(tasks)
        except ProcessEnded:
            harmful = self._line.ended([image.id for image in images])
            answers = [Unscorable(image_id, HARMFUL) for image_id in harmful]
        for answer in answers:
            await self._adherences.keep(answer, model, self._readiness.name)
            self._line.take_out(answer.image_id)

    async def _load(self, ready: Ready) -> bool:
        """Whether the model is loaded; where it cannot be, that is tried again after a while."""
        try:
            await self._process.load(ready.equipment)
        except ScoringUnavailable as error:
            await self._failed(str(error))
        except ProcessEnded:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                await self._failed(NO_MEMORY)
        else:
            self._failure, self._failures = None, 0
            return True
        return False

    async def _failed(self, why: str) -> None:
        self._failure = why
        log.warning("Pictures cannot be scored: %s", why)
        await _heard(self._asked, RETRY_SECONDS)


def asked_of(recipe: Recipe) -> str:
    """What the user asked of one picture, in the variant of the prompt it was made with."""
    return without_triggers(recipe.prompt, recipe.triggers)


def _lacking(store: Store, model: str, batch_id: str | None, session_id: str | None) -> list[str]:
    if batch_id is not None:
        return store.scorings.of_batch(model, store.grids.get(batch_id).id)
    if session_id is not None:
        return store.scorings.of_session(model, store.sessions.get(session_id).id)
    return store.scorings.of_all(model)


def _still_there(store: Store, image_ids: list[str]) -> list[Image]:
    found = []
    for image_id in image_ids:
        with suppress(NotFound, StorageError):  # gone, or damaged
            image = store.grids.image(image_id)
            if image.state == "collected" and image.binned is None:
                found.append(image)
    return found


async def _heard(news: asyncio.Event, seconds: float | None) -> bool:
    """Whether there was news within so many seconds; None waits for ever."""
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except asyncio.TimeoutError:  # in Python 3.10 no TimeoutError
        return False
    news.clear()
    return True
