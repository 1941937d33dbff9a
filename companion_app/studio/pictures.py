"""What became of each job: pictures stored, states written, every change told to the pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from weakref import WeakValueDictionary

from companion_app.fleet import FaultKind, Job, ProgressStream, Told
from companion_app.thumbnails import Thumbnail, Thumbnailer
from vibes.decoding import Undecodable
from vibes.errors import NotFound, UnusablePicture
from vibes.recipes import Ran
from vibes.stages import OPEN_STATES, Image, ImageState, grid_state
from vibes.storage import PictureFiles, Step, Store, StoreThread, Submission

from .faults import FaultBook
from .sessions import Clock, timestamp
from .views import FINAL_STATES, picture_urls

log = logging.getLogger(__name__)

Made = Callable[[Job, str, Told], None]
"""Hears of every image there is now: the server, and what it told beside the picture."""


class Pictures:
    """The fleet's job log: each step is one transaction, written before it is announced.

    ``made`` hears of each image whose picture is stored.
    """

    def __init__(
        self,
        store: StoreThread,
        *,
        files: PictureFiles,
        thumbnailer: Thumbnailer,
        progress: ProgressStream,
        faults: FaultBook,
        seconds_left: Callable[[str], float | None],
        made: Made,
        clock: Clock,
    ):
        self._store = store
        self._files = files
        self._thumbnailer = thumbnailer
        self._progress = progress
        self._faults = faults
        self._seconds_left = seconds_left
        self._made = made
        self._clock = clock
        self._landing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        """Written before the graph is sent, so that a restart knows where to look."""
        submission = Submission(
            image_id=job.id,
            server=server,
            prompt_id=prompt_id,
            graph_hash=graph_hash,
            attempt=attempt,
            submitted=timestamp(self._clock),
        )
        if not await self._write(lambda store: store.jobs.submit(submission)):
            raise NotFound(f"Image '{job.id}' is not wanted any more.")

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        """The attempt is over, or adrift on a lost server; its image waits again."""
        ended = timestamp(self._clock)
        await self._write(
            lambda store: store.jobs.give_back(prompt_id, adrift=adrift, why=why, ended=ended)
        )

    async def dropped(self, prompt_id: str) -> None:
        """The server has no trace of it any more: nobody needs to look for it again."""
        ended = timestamp(self._clock)
        await self._write(lambda store: store.jobs.drop(prompt_id, ended=ended))

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        """Picture and thumbnail reach the disk before the row says so; a late one is dropped."""
        lock = self._landing.setdefault(job.id, asyncio.Lock())
        async with lock:  # two servers may have made it
            if await self._state(job) not in OPEN_STATES:
                log.info("Image %s came from %s after it was settled: dropped.", job.id, server)
                return
            small, size = await self._shrunk(data)
            await asyncio.to_thread(self._land, job.id, data, small)
            if await self._settle(job, "collected", server=server, size=size, ran=told.ran):
                self._made(job, server, told)
                return
            if await self._state(job) != "collected":  # called off, or deleted, meanwhile
                await asyncio.to_thread(self._files.delete, [job.id])

    async def _shrunk(self, data: bytes) -> Thumbnail:
        try:
            return await self._thumbnailer.make(data)
        except Undecodable as error:
            raise UnusablePicture(str(error)) from error
        except BrokenProcessPool as error:
            raise UnusablePicture("looking at it ended the process that did") from error

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        """The image failed for good; the batch goes on."""
        await self._settle(job, "failed", server=server, error=error)

    async def cancelled(self, job: Job) -> None:
        """The image will not be made."""
        await self._settle(job, "cancelled")

    async def source_bytes(self, image_id: str) -> bytes:
        """The original of a stored image; raises NotFound, StorageError."""
        return await asyncio.to_thread(self._files.read, image_id)

    def fault(
        self, server: str, kind: FaultKind, sentence: str, image_id: str | None = None
    ) -> None:
        """Remember a server's fault, in the background."""
        self._faults.note(server, kind, sentence, image_id)

    def _land(self, image_id: str, data: bytes, small: bytes) -> None:
        self._files.write(self._files.original(image_id), data)
        self._files.write(self._files.thumbnail(image_id), small)

    async def _settle(
        self,
        job: Job,
        state: ImageState,
        *,
        server: str | None = None,
        error: str | None = None,
        size: tuple[int, int] | None = None,
        ran: Ran | None = None,
    ) -> bool:
        """End an image that is still open, keeping what made it; False when it no longer is."""
        ended = timestamp(self._clock)

        def settle(store: Store) -> Step | None:
            with store.atomic():
                step = store.jobs.settle(
                    job.id, state, server=server, error=error, size=size, ended=ended
                )
                if step is not None and ran is not None:
                    store.ran.put(job.id, ran)
            return step

        return await self._write(settle)

    async def _state(self, job: Job) -> ImageState | None:
        return await self._store.run(lambda store: store.grids.state_of(job.id))

    async def _write(self, write: Callable[[Store], Step | None]) -> bool:
        """Write one transition and tell the pages of it; False when it changed no image."""
        step = await self._store.run(write)
        if step is None:
            return False
        self._progress.publish(image_event(step))
        self._progress.publish(
            batch_event(
                step.batch_id,
                step.counts,
                paused=step.paused,
                seconds_left=self._seconds_left(step.batch_id),
            )
        )
        return True


def image_event(image: Image | Step) -> dict[str, Any]:
    """The change of one image's state, with its links and size once there is a picture."""
    size = dict(zip(("width", "height"), image.size or (), strict=False))
    return {
        "type": "image",
        "image_id": image.id,
        "batch_id": image.batch_id,
        "state": image.state,
        "selection": image.selection,
        "server": image.server,
        "error": image.error,
        **size,
        **picture_urls(image.id, image.state),
    }


def batch_event(
    batch_id: str,
    counts: Mapping[ImageState, int],
    *,
    paused: bool,
    seconds_left: float | None,
) -> dict[str, Any]:
    """Where a batch stands."""
    state = grid_state(counts, paused=paused)
    return {
        "type": "batch",
        "batch_id": batch_id,
        "state": state,
        "done_count": counts.get("collected", 0),
        "failed_count": counts.get("failed", 0),
        "total_count": sum(counts.values()),
        "seconds_left": None if state in FINAL_STATES else seconds_left,
    }
