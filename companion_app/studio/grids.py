"""Grids and their images: reading, picking, and stopping, pausing, retrying their jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from companion_app.fleet import Fleet, ProgressStream
from vibes.errors import Conflict
from vibes.stages import OPEN_STATES, Grid, Image, Selection
from vibes.storage import Store, StoreThread

from . import jobs
from .adherences import Adherences
from .effects import Effects
from .pictures import batch_event, image_event
from .views import FINAL_STATES, View, grid_view, image_view


class Grids:
    """Use cases on existing grids."""

    def __init__(
        self,
        store: StoreThread,
        *,
        fleet: Fleet,
        effects: Effects,
        adherences: Adherences,
        progress: ProgressStream,
    ):
        self._store = store
        self._effects = effects
        self._adherences = adherences
        self._fleet = fleet
        self._progress = progress

    async def resume_open(self) -> None:
        """Hand the images a former run left open to the fleet again, each in its old place.

        What servers may still have of a former run is looked up there, and taken off where nobody
        wants it any more.
        """
        left = await self._store.run(jobs.of_former_run)
        for batch_id in left.paused:
            self._fleet.pause(batch_id)
        self._fleet.submit(left.jobs, traces=left.traces)
        self._fleet.forget(left.orphans)

    async def submit(self, grid: Grid, images: Iterable[Image]) -> None:
        """Hand the open ones of these images to the fleet."""
        wanted = {image.id for image in images}
        new = await self._store.run(lambda store: jobs.of_images(store, grid.id, wanted))
        self._fleet.submit(new.jobs, traces=new.traces)
        self._fleet.forget(new.orphans)
        self._progress.publish({"type": "queue"})

    def distribution(self, batch_id: str) -> dict[str, int]:
        """How many of a grid's images each server will probably make."""
        return self._fleet.distribution(batch_id)

    async def get(self, batch_id: str) -> View:
        """One grid with its images; raises NotFound."""
        return await self._view(await self._load(batch_id))

    async def image_view(self, image_id: str) -> View:
        """One image as REST shows it; raises NotFound."""
        [view] = await self.image_views([image_id])
        return view

    async def image_views(self, image_ids: Sequence[str]) -> list[View]:
        """These images as REST shows them; raises NotFound."""

        def read(store: Store) -> tuple[list[Image], dict[str, Grid]]:
            images = [store.grids.image(image_id) for image_id in image_ids]
            batches = {image.batch_id for image in images}
            return images, {batch_id: store.grids.get(batch_id) for batch_id in batches}

        images, grids = await self._store.run(read)
        adherences: dict[str, View] = {}
        for grid in grids.values():
            adherences |= await self._adherences.of_grid(grid)
        return [
            image_view(
                image,
                grids[image.batch_id].stage,
                self._effects.of_use,
                progress=self.progress_of(image.id),
                adherence=adherences.get(image.id),
            )
            for image in images
        ]

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
            if image.binned is not None and selection == "selected":
                raise Conflict(f"Image {image.index + 1} is in the bin. Restore it to pick it.")
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
        await self.refuse_final(batch_id, "cancel")

        def write(store: Store) -> None:
            with store.atomic():
                store.jobs.call_off(batch_id)
                store.grids.pause(batch_id, paused=False)

        await self._store.run(write)
        await self._fleet.cancel(batch_id)
        self._fleet.resume(batch_id)
        return await self.rearranged(batch_id)

    async def pause(self, batch_id: str) -> View:
        """Send nothing more of this grid until it is resumed; raises NotFound, Conflict."""
        await self.refuse_final(batch_id, "pause")
        await self._store.run(lambda store: store.grids.pause(batch_id, paused=True))
        self._fleet.pause(batch_id)
        return await self.rearranged(batch_id)

    async def resume(self, batch_id: str) -> View:
        """Go on with a paused grid; raises NotFound, Conflict when it is not paused."""
        grid = await self._load(batch_id)
        if not grid.paused:
            raise Conflict("This batch is not paused: there is nothing to resume.")
        await self._store.run(lambda store: store.grids.pause(batch_id, paused=False))
        self._fleet.resume(batch_id)
        return await self.rearranged(batch_id)

    async def retry(self, batch_id: str) -> View:
        """Make the failed images again; raises NotFound, Conflict when none has failed."""

        def reopen(store: Store) -> tuple[Grid, list[Image]]:
            grid = store.grids.get(batch_id)
            failed = [image for image in grid.images if image.state == "failed"]
            if not failed:
                raise Conflict("No image of this batch has failed: there is nothing to retry.")
            store.grids.reopen(image.id for image in failed)
            return grid, failed

        await self.submit(*await self._store.run(reopen))
        return await self.announced(batch_id)

    async def announced(self, batch_id: str) -> View:
        """Tell the pages how a grid stands now, and return it."""
        grid = await self._load(batch_id)
        for image in grid.images:
            self._progress.publish(image_event(image))
        counts = Counter(image.state for image in grid.images)
        view = await self._view(grid)
        left = view["seconds_left"]
        self._progress.publish(batch_event(grid.id, counts, paused=grid.paused, seconds_left=left))
        return view

    async def rearranged(self, batch_id: str) -> View:
        """Tell the pages that a grid, and with it the queue, stands differently; return it."""
        self._progress.publish({"type": "queue"})
        return await self.announced(batch_id)

    async def refuse_final(self, batch_id: str, act: str) -> None:
        """Raises NotFound, and Conflict for a grid all of whose images are final."""
        state = (await self._load(batch_id)).state
        if state in FINAL_STATES:
            raise Conflict(f"This batch is {state}: there is nothing to {act}.")

    def progress_of(self, image_id: str) -> View | None:
        """How far an image has come that is being made."""
        steps, preview = self._fleet.progress_of(image_id), self._fleet.preview_url(image_id)
        if steps is None and preview is None:
            return None
        value, maximum = steps or (None, None)
        return {"value": value, "max": maximum, "preview_url": preview}

    async def _load(self, batch_id: str) -> Grid:
        return await self._store.run(lambda store: store.grids.get(batch_id))

    async def _view(self, grid: Grid) -> View:
        still = [image.id for image in grid.images if image.state in OPEN_STATES]
        making = {image_id: self.progress_of(image_id) for image_id in still}
        progress = {image_id: view for image_id, view in making.items() if view}
        left = None if grid.state in FINAL_STATES else self._fleet.seconds_left(grid.id)
        adherences = await self._adherences.of_grid(grid)
        view = grid_view(grid, self._effects.of_use, progress=progress, adherences=adherences)
        return {**view, "seconds_left": left}
