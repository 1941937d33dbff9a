"""The bin: failed pictures put aside, taken out again, or thrown away for good by the user."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from companion_app.fleet import ProgressStream
from vibes.errors import Conflict
from vibes.stages import Image
from vibes.storage import PictureFiles, Store, StoreThread

from .adherences import Adherences
from .grids import Grids
from .requests import BinRequest
from .sessions import Clock, timestamp
from .views import View


class Bin:
    """Use cases on pictures nobody wants to see: only the user empties the bin."""

    def __init__(
        self,
        store: StoreThread,
        *,
        files: PictureFiles,
        grids: Grids,
        adherences: Adherences,
        progress: ProgressStream,
        clock: Clock,
    ):
        self._store = store
        self._files = files
        self._grids = grids
        self._adherences = adherences
        self._progress = progress
        self._clock = clock

    async def tidy(self) -> None:
        """Remove what a crash left of pictures thrown away; call it once their files are gone."""
        await self._store.run(lambda store: store.bin.sweep())

    async def put(self, request: BinRequest) -> View:
        """Put pictures aside, all but picks and what others were made from.

        Raises NotFound, and Conflict for a tag while nothing can be tagged.
        """
        wanted = request.images
        if wanted is None:
            wanted = [image.id for image in await self._tagged(request)]
        now = timestamp(self._clock)

        def write(store: Store) -> dict[str, str | None]:
            with store.atomic():
                return {image: store.bin.put(image, now) for image in wanted}

        reasons = await self._store.run(write)
        binned = [image for image, reason in reasons.items() if reason is None]
        await self._tell(binned)
        kept = [{"id": image, "reason": reason} for image, reason in reasons.items() if reason]
        return {"binned": binned, "kept": kept}

    async def all(self) -> list[View]:
        """What lies in the bin, last put in first."""
        return await self._grids.image_views(await self._store.run(lambda store: store.bin.ids()))

    async def restore(self, images: Sequence[str] | None) -> View:
        """Take pictures out of the bin, all of them if none are named."""

        def write(store: Store) -> list[str]:
            return store.bin.restore(store.bin.ids() if images is None else images)

        restored = await self._store.run(write)
        await self._tell(restored)
        return {"restored": restored}

    async def empty(self, images: Sequence[str] | None) -> View:
        """Throw pictures in the bin away for good, all of them if none are named."""

        def disown(store: Store) -> list[str]:
            return store.bin.disown(store.bin.ids() if images is None else images)

        gone = await self._store.run(disown)
        # Disowned, deleted, swept: whenever this ends, no row points at a file that is gone.
        await self._adherences.forget(gone)
        size = await asyncio.to_thread(self._delete, gone)
        batches = await self._tell(gone)
        await self._store.run(lambda store: store.bin.sweep())
        for batch_id in batches:
            await self._grids.announced(batch_id)
        return {"deleted": len(gone), "bytes": size}

    def _delete(self, images: Collection[str]) -> int:
        """The bytes freed."""
        size = sum(self._files.size(image) for image in images)
        self._files.delete(images)
        return size

    async def _tagged(self, request: BinRequest) -> list[Image]:
        def read(store: Store) -> list[Image]:
            if request.batch_id is not None:
                return list(store.grids.get(request.batch_id).images)
            session = store.sessions.get(str(request.session_id))
            return [image for grid in store.grids.of_session(session.id) for image in grid.images]

        if not self._adherences.calibrated:
            raise Conflict(
                "No picture is tagged yet: say of more pictures what they show, or name the images."
            )
        images = [image for image in await self._store.run(read) if image.binned is None]
        tags = await self._adherences.tags(images)
        return [image for image in images if tags.get(image.id) == request.tag]

    async def _tell(self, image_ids: Collection[str]) -> list[str]:
        """Tell the pages which pictures went into the bin or out of it; gives their batches."""

        def read(store: Store) -> list[Image]:
            return [store.grids.image(image) for image in image_ids]

        by_batch: dict[str, list[str]] = {}
        for image in await self._store.run(read):
            by_batch.setdefault(image.batch_id, []).append(image.id)
        for batch_id, images in by_batch.items():
            self._progress.publish({"type": "bin", "batch_id": batch_id, "images": images})
        return list(by_batch)
