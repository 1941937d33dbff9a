"""Whether pictures show what was asked, over many of them."""

from __future__ import annotations

import asyncio
from collections import Counter

from vibes.errors import NotFound
from vibes.storage import ScoredImage, Store, StoreThread

from .adherence_views import Known
from .adherences import Adherences
from .grids import Grids
from .quality_views import comparison_view, overview, why, worst
from .views import View

LATEST = 5000
"""Pictures that are looked at."""
AT_ONCE = 250
"""Pictures whose details are read in one go, so that others need not wait for all of them."""


class Quality:
    """Use cases over everything scored, or one session's or profile's."""

    def __init__(self, store: StoreThread, *, adherences: Adherences, grids: Grids):
        self._store = store
        self._adherences = adherences
        self._grids = grids

    async def overview(self, session_id: str | None, profile: str | None) -> View:
        """Success by keyword, the worst pictures, and what is not good enough; raises NotFound."""
        images, known = await self._known(session_id, profile)
        thresholds = self._adherences.thresholds
        view: View = await asyncio.to_thread(overview, images, known, thresholds)
        last = worst(images, known)
        shown = await self._grids.image_views([image.id for image in last])
        whys = [why(known[image.id].adherence) for image in last]
        view["worst"] = [{**one, "why": said} for one, said in zip(shown, whys, strict=True)]
        return view

    async def prompts(self, session_id: str | None) -> list[View]:
        """The prompts of scored grids, most scored first; raises NotFound."""
        counts = Counter(image.prompt for image in await self._scored(session_id, None))
        return [{"prompt": prompt, "scored": count} for prompt, count in counts.most_common()]

    async def compare(self, a: str, b: str) -> View:
        """Which of two formulations shows more of what it asks; raises NotFound."""
        images, known = await self._known(None, None)
        prompts = {image.prompt for image in images}
        for prompt in (a, b):
            if prompt not in prompts:
                raise NotFound(f"No picture of the prompt “{prompt}” is scored.")
        view: View = await asyncio.to_thread(comparison_view, a, b, images, known)
        return view

    async def _known(
        self, session_id: str | None, profile: str | None
    ) -> tuple[list[ScoredImage], dict[str, Known]]:
        """The pictures whose details are there, and these."""
        images = await self._scored(session_id, profile)
        known: dict[str, Known] = {}
        for start in range(0, len(images), AT_ONCE):
            ids = [image.id for image in images[start : start + AT_ONCE]]
            known |= await self._adherences.of_ids(ids)
        return [image for image in images if image.id in known], known

    async def _scored(self, session_id: str | None, profile: str | None) -> list[ScoredImage]:
        def read(store: Store) -> list[ScoredImage]:
            if session_id is not None:
                store.sessions.get(session_id)
            if profile is not None:
                store.profiles.learns(profile)
            return store.scorings.scored(session_id=session_id, profile=profile, limit=LATEST)

        return await self._store.run(read)
