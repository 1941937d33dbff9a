"""Grids and their images: reading, picking, and stopping, pausing, retrying their jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from companion_app.fleet import Fleet, Job, ProgressStream
from vibes.errors import Conflict
from vibes.stages import OPEN_STATES, Grid, Image, Selection
from vibes.storage import Store, StoreThread

from .pictures import batch_event, image_event
from .views import View, grid_view


class Grids:
    """Use cases on existing grids."""

    def __init__(self, store: StoreThread, *, fleet: Fleet, progress: ProgressStream):
        self._store = store
        self._fleet = fleet
        self._progress = progress

    async def resume_open(self) -> None:
        """Hand the images a former run left open to the fleet again."""
        grids = await self._store.run(lambda store: store.grids.unfinished())
        for grid in grids:
            if grid.paused:
                self._fleet.pause(grid.id)
            await self.submit(grid, grid.images)

    async def submit(self, grid: Grid, images: Iterable[Image]) -> None:
        """Hand the open ones of these images to the fleet, each for the first time in this run.

        What a server got in a former run is looked up there.
        """
        wanted = [image.id for image in images]

        def read(store: Store) -> tuple[list[Image], dict[str, tuple[str, str]]]:
            now = [image for image in store.grids.get(grid.id).images if image.id in wanted]
            waiting = [image for image in now if image.state in OPEN_STATES]
            return waiting, store.jobs.open_submissions([image.id for image in waiting])

        waiting, in_flight = await self._store.run(read)
        jobs = [Job(image.id, grid.id, grid.session_id, image.recipe) for image in waiting]
        self._fleet.submit(jobs, in_flight=in_flight)

    def distribution(self, batch_id: str) -> dict[str, int]:
        """How many of a grid's images each server will probably make."""
        return self._fleet.distribution(batch_id)

    async def get(self, batch_id: str) -> View:
        """One grid with its images; raises NotFound."""
        return self._view(await self._load(batch_id))

    async def one(self, image_id: str) -> Image:
        """One image; raises NotFound."""
        return await self._store.run(lambda store: store.grids.image(image_id))

    async def image(self, image_id: str) -> tuple[Image, Grid]:
        """One image and its grid; raises NotFound."""

        def read(store: Store) -> tuple[Image, Grid]:
            image = store.grids.image(image_id)
            return image, store.grids.get(image.batch_id)

        return await self._store.run(read)

    async def select(self, image_id: str, selection: Selection) -> Image:
        """Store a selection at once; raises NotFound, Conflict for an image without a picture."""

        def write(store: Store) -> Image:
            image = store.grids.image(image_id)
            if image.state != "collected" and selection != "none":
                raise Conflict(
                    f"Image {image.index + 1} has no picture yet. Pick it when it is there."
                )
            return store.grids.select(image_id, selection)

        image = await self._store.run(write)
        self._progress.publish(
            {
                "type": "selection",
                "batch_id": image.batch_id,
                "image_id": image.id,
                "selection": image.selection,
            }
        )
        return image

    async def cancel(self, batch_id: str) -> View:
        """Call off every image not made yet; raises NotFound, Conflict when all are final."""
        await self._refuse_final(batch_id, "cancel")
        await self._fleet.cancel(batch_id)
        await self._store.run(lambda store: store.grids.pause(batch_id, paused=False))
        self._fleet.resume(batch_id)
        return await self.announced(batch_id)

    async def pause(self, batch_id: str) -> View:
        """Send nothing more of this grid until it is resumed; raises NotFound, Conflict."""
        await self._refuse_final(batch_id, "pause")
        await self._store.run(lambda store: store.grids.pause(batch_id, paused=True))
        self._fleet.pause(batch_id)
        return await self.announced(batch_id)

    async def resume(self, batch_id: str) -> View:
        """Go on with a paused grid; raises NotFound, Conflict when it is not paused."""
        grid = await self._load(batch_id)
        if not grid.paused:
            raise Conflict("This batch is not paused: there is nothing to resume.")
        await self._store.run(lambda store: store.grids.pause(batch_id, paused=False))
        self._fleet.resume(batch_id)
        return await self.announced(batch_id)

    async def retry(self, batch_id: str) -> View:
        """Make the failed images again; raises NotFound, Conflict when none has failed."""

        def reopen(store: Store) -> tuple[Grid, list[Image]]:
            grid = store.grids.get(batch_id)
            failed = [image.id for image in grid.images if image.state == "failed"]
            if not failed:
                raise Conflict("No image of this batch has failed: there is nothing to retry.")
            again = {"state": "planned", "error": None, "server": None}
            with store.atomic():
                return grid, [store.grids.set_state(image, **again) for image in failed]

        await self.submit(*await self._store.run(reopen))
        return await self.announced(batch_id)

    async def _load(self, batch_id: str) -> Grid:
        return await self._store.run(lambda store: store.grids.get(batch_id))

    async def _refuse_final(self, batch_id: str, act: str) -> None:
        state = (await self._load(batch_id)).state
        if state in ("done", "failed", "cancelled"):
            raise Conflict(f"This batch is {state}: there is nothing to {act}.")

    async def announced(self, batch_id: str) -> View:
        """Tell the pages how a grid stands now, and return it."""
        grid = await self._load(batch_id)
        for image in grid.images:
            self._progress.publish(image_event(image, grid.stage))
        counts = Counter(image.state for image in grid.images)
        view = self._view(grid)
        left = view["seconds_left"]
        self._progress.publish(batch_event(grid.id, counts, paused=grid.paused, seconds_left=left))
        return view

    def _view(self, grid: Grid) -> View:
        return {**grid_view(grid), "seconds_left": self._fleet.seconds_left(grid.id)}
