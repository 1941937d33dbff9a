"""Why a picture is as it is."""

from __future__ import annotations

from vibes.prompts import keywords
from vibes.stages import Grid, Image, Session
from vibes.storage import Store, StoreThread

from .taste import Taste
from .views import Level, View, recipe_view


class Explaining:
    """Use cases that explain an image."""

    def __init__(self, store: StoreThread, *, taste: Taste):
        self._store = store
        self._taste = taste

    async def recipe(self, image_id: str, level: Level) -> View:
        """The recipe of an image and the reasons for it; raises NotFound."""
        image, grid, session = await self._load(image_id)
        words = keywords(grid.brief.prompt)
        policy = self._taste.policy(session.profile)
        return recipe_view(image, grid, policy.explain(words, image.recipe.candidate), level)

    async def _load(self, image_id: str) -> tuple[Image, Grid, Session]:
        def read(store: Store) -> tuple[Image, Grid, Session]:
            image = store.grids.image(image_id)
            grid = store.grids.get(image.batch_id)
            return image, grid, store.sessions.get(grid.session_id)

        return await self._store.run(read)
