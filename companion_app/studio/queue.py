"""The queue: what waits and runs, in which order, and changing that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from companion_app.fleet import Fleet, ProgressStream
from companion_app.fleet.status import Standing
from vibes.errors import Conflict
from vibes.settings import Stage
from vibes.stages import OPEN_STATES, Image, grid_state
from vibes.storage import QueuedBatch, QueuedImage, Spot, Step, Store, StoreThread

from . import jobs
from .grids import Grids
from .pictures import batch_event, image_event
from .views import PRIORITIES, PriorityName, View, priority_name

FAILED_BATCHES = 20
"""Grids with failed images that are shown below those still being made, newest first."""


class Queue:
    """Use cases on the line of jobs and on single jobs."""

    def __init__(
        self,
        store: StoreThread,
        *,
        grids: Grids,
        fleet: Fleet,
        progress: ProgressStream,
        stages: Sequence[Stage],
    ):
        self._store = store
        self._grids = grids
        self._fleet = fleet
        self._progress = progress
        self._stages = stages

    async def view(self) -> View:
        """Every batch with open images, in the order they are served; then those with failed ones.

        Only open and failed images are shown.
        """
        batches = await self._store.run(lambda store: store.queue.batches(failed=FAILED_BATCHES))
        standings = {standing.job_id: standing for standing in self._fleet.standings()}
        first: dict[str, int] = {}
        for place, standing in enumerate(standings.values()):
            first.setdefault(standing.batch_id, place)
        last = len(standings)
        batches.sort(key=lambda batch: (not _is_open(batch), first.get(batch.id, last)))
        return {
            "seconds_left": _longest(standings.values()),
            "batches": [self._batch_view(batch, standings) for batch in batches],
        }

    async def prioritise(self, batch_id: str, priority: PriorityName) -> View:
        """Let a batch go before or after those of other priority; raises NotFound, Conflict."""
        await self._grids.refuse_final(batch_id, "put first or last")

        def write(store: Store) -> list[Spot]:
            store.grids.set_priority(batch_id, PRIORITIES[priority])
            return [one.spot for one in store.queue.open_jobs(batch_id)]

        await self._arrange(write)
        return await self._grids.rearranged(batch_id)

    async def move_batch(self, batch_id: str, before: str | None) -> View:
        """Serve a batch right before another of its session, or last; raises NotFound, Conflict."""
        await self._grids.refuse_final(batch_id, "move")

        def write(store: Store) -> list[Spot]:
            store.queue.move_batch(batch_id, before)
            return store.queue.spots(store.grids.get(batch_id).session_id)

        await self._arrange(write)
        return await self._grids.rearranged(batch_id)

    async def move_image(self, image_id: str, before: str | None) -> View:
        """Make an image right before another of its batch, or last; raises NotFound, Conflict."""
        batch_id = (await self._open(image_id, "move")).batch_id

        def write(store: Store) -> list[Spot]:
            store.queue.move_image(image_id, before)
            return [one.spot for one in store.queue.open_jobs(batch_id)]

        await self._arrange(write)
        return await self._told(image_id)

    async def cancel_image(self, image_id: str) -> View:
        """Call off one image; raises NotFound, Conflict when it is final."""
        await self._open(image_id, "cancel")
        await self._store.run(lambda store: store.jobs.settle(image_id, "cancelled"))
        await self._fleet.cancel_job(image_id)
        return await self._told(image_id)

    async def pause_image(self, image_id: str) -> View:
        """Hold one image back until it is resumed; raises NotFound, Conflict when it is final."""
        await self._open(image_id, "pause")
        return await self._hold(image_id, held=True)

    async def resume_image(self, image_id: str) -> View:
        """Let a paused image go on; raises NotFound, Conflict when it is not paused."""
        image = await self._open(image_id, "resume")
        if not image.held:
            raise Conflict("This image is not paused: there is nothing to resume.")
        return await self._hold(image_id, held=False)

    async def retry_image(self, image_id: str) -> View:
        """Make a failed image again; raises NotFound, Conflict when it has not failed."""

        def reopen(store: Store) -> Image:
            image = store.grids.image(image_id)
            if image.state != "failed":
                raise Conflict(f"This image is {image.state}: there is nothing to retry.")
            store.grids.reopen([image_id])
            return image

        image = await self._store.run(reopen)
        _, grid = await self._grids.image(image_id)
        await self._grids.submit(grid, [image])
        return await self._told(image_id)

    async def _hold(self, image_id: str, *, held: bool) -> View:
        def write(store: Store) -> list[Spot]:
            store.grids.hold(image_id, held=held)
            spot = store.queue.spot(image_id)
            return [spot] if spot else []

        await self._arrange(write)
        return await self._told(image_id)

    async def _arrange(self, write: Callable[[Store], list[Spot]]) -> None:
        """Write a change, then let the fleet follow it."""
        spots = await self._store.run(write)
        self._fleet.arrange({spot.image_id: jobs.place_of(spot) for spot in spots})

    async def _open(self, image_id: str, act: str) -> Image:
        image = await self._grids.one(image_id)
        if image.state not in OPEN_STATES:
            raise Conflict(f"This image is {image.state}: there is nothing to {act}.")
        return image

    async def _told(self, image_id: str) -> View:
        """Tell the pages how an image and the queue stand now; return the image."""
        step: Step = await self._store.run(lambda store: store.jobs.step(image_id))
        left = self._fleet.seconds_left(step.batch_id)
        self._progress.publish(image_event(step))
        self._progress.publish(
            batch_event(step.batch_id, step.counts, paused=step.paused, seconds_left=left)
        )
        self._progress.publish({"type": "queue"})
        return await self._grids.image_view(image_id)

    def _batch_view(self, batch: QueuedBatch, standings: Mapping[str, Standing]) -> View:
        begun = [
            image.id
            for image in batch.images
            if image.id in standings and standings[image.id].phase != "waiting"
        ]
        open_count = sum(image.state in OPEN_STATES for image in batch.images)
        return {
            "id": batch.id,
            "session_id": batch.session_id,
            "session_name": batch.session_name,
            "prompt": batch.prompt,
            "stage": batch.stage,
            "stage_name": self._stages[min(batch.stage, len(self._stages) - 1)].name,
            "state": grid_state(batch.counts, paused=batch.paused),
            "priority": priority_name(batch.priority),
            "paused": batch.paused,
            "total_count": sum(batch.counts.values()),
            "done_count": batch.counts.get("collected", 0),
            "failed_count": batch.counts.get("failed", 0),
            "waiting_count": open_count - len(begun),
            "running_count": len(begun),
            "seconds_left": self._fleet.seconds_left(batch.id) if open_count else None,
            "images": [self._image_view(image, standings.get(image.id)) for image in batch.images],
        }

    def _image_view(self, image: QueuedImage, standing: Standing | None) -> View:
        progress = self._grids.progress_of(image.id) or {}
        return {
            "id": image.id,
            "index": image.index,
            "state": image.state,
            "phase": standing.phase if standing else None,
            "held": image.held,
            "server": standing.server if standing else image.server,
            "checkpoint": image.checkpoint,
            "loras": image.loras,
            "attempt": standing.attempt if standing else None,
            "value": progress.get("value"),
            "max": progress.get("max"),
            "preview_url": progress.get("preview_url"),
            "done_in": standing.done_in if standing else None,
            "why": list(standing.why) if standing else [],
            "error": image.error,
        }


def _is_open(batch: QueuedBatch) -> bool:
    return any(image.state in OPEN_STATES for image in batch.images)


def _longest(standings: Iterable[Standing]) -> float | None:
    """Until everything is made that can be, in seconds; None while no speed is known."""
    ends = [standing.done_in for standing in standings if standing.done_in is not None]
    return max(ends, default=None)
