"""What became of each job: pictures stored, states written, every change told to the pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from companion_app.fleet import Job, ProgressStream
from companion_app.thumbnails import Thumbnailer
from vibes.stages import OPEN_STATES, Image, ImageState, grid_state
from vibes.storage import PictureFiles, Store, StoreThread, Submission

from .sessions import Clock, timestamp
from .views import image_view

log = logging.getLogger(__name__)


class Pictures:
    """The fleet's job log: each step is written to the store before it is announced."""

    def __init__(
        self,
        store: StoreThread,
        *,
        files: PictureFiles,
        thumbnailer: Thumbnailer,
        progress: ProgressStream,
        seconds_left: Callable[[str], float | None],
        clock: Clock,
    ):
        self._store = store
        self._files = files
        self._thumbnailer = thumbnailer
        self._progress = progress
        self._seconds_left = seconds_left
        self._clock = clock

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

        def write(store: Store) -> bool:
            if store.grids.state_of(job.id) not in OPEN_STATES:
                return False
            store.jobs.submit(submission)
            return True

        if await self._store.run(write):
            await self._announce(job)

    async def collected(self, job: Job, *, server: str, data: bytes) -> None:
        """Picture and thumbnail reach the disk before the row says so; a late one is dropped."""
        if await self._state(job) not in OPEN_STATES:
            log.info("Image %s came from %s after it was settled: dropped.", job.id, server)
            return
        small = await self._thumbnailer.make(data)
        await asyncio.to_thread(self._write, job.id, data, small)
        if await self._change(job, state="collected", server=server, error=None):
            return
        if await self._state(job) != "collected":  # called off, or its session deleted, meanwhile
            await asyncio.to_thread(self._files.delete, [job.id])

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        """The image failed for good; the batch goes on."""
        await self._change(job, state="failed", server=server, error=error)

    async def cancelled(self, job: Job) -> None:
        """The image will not be made."""
        await self._change(job, state="cancelled")

    async def source_bytes(self, image_id: str) -> bytes:
        """The original of a stored image; raises NotFound, StorageError."""
        return await asyncio.to_thread(self._files.read, image_id)

    def _write(self, image_id: str, data: bytes, small: bytes) -> None:
        self._files.write(self._files.original(image_id), data)
        self._files.write(self._files.thumbnail(image_id), small)

    async def _change(self, job: Job, **changes: str | None) -> bool:
        """Apply a change to an image that is still open; False when it no longer is."""

        def write(store: Store) -> bool:
            if store.grids.state_of(job.id) not in OPEN_STATES:
                return False
            store.grids.set_state(job.id, **changes)
            return True

        changed = await self._store.run(write)
        if changed:
            await self._announce(job)
        return changed

    async def _state(self, job: Job) -> ImageState | None:
        return await self._store.run(lambda store: store.grids.state_of(job.id))

    async def _announce(self, job: Job) -> None:
        """Tell the pages about one image and its batch."""

        def read(store: Store) -> tuple[Image, int, Mapping[ImageState, int], bool]:
            image = store.grids.image(job.id)
            counts, paused = store.grids.tally(job.batch_id)
            return image, store.grids.stage(job.batch_id), counts, paused

        image, stage, counts, paused = await self._store.run(read)
        self._progress.publish(image_event(image, stage))
        left = self._seconds_left(job.batch_id)
        self._progress.publish(batch_event(job.batch_id, counts, paused=paused, seconds_left=left))


def image_event(image: Image, stage: int) -> dict[str, Any]:
    """The change of one image's state, with its links once there is a picture."""
    view = image_view(image, stage)
    fields = ("batch_id", "state", "selection", "server", "error", "url", "thumbnail_url")
    return {"type": "image", "image_id": image.id, **{field: view[field] for field in fields}}


def batch_event(
    batch_id: str,
    counts: Mapping[ImageState, int],
    *,
    paused: bool,
    seconds_left: float | None,
) -> dict[str, Any]:
    """Where a batch stands."""
    return {
        "type": "batch",
        "batch_id": batch_id,
        "state": grid_state(counts, paused=paused),
        "done_count": counts.get("collected", 0),
        "failed_count": counts.get("failed", 0),
        "total_count": sum(counts.values()),
        "seconds_left": seconds_left,
    }
