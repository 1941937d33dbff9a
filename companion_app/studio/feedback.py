"""The user's own words on single images: ratings and what was done with them."""

from __future__ import annotations

from typing import TypedDict
from uuid import uuid4

from vibes.errors import Conflict
from vibes.preferences import Candidate, ImageActed, ImageRated
from vibes.prompts import keywords
from vibes.stages import Grid, Image, Session
from vibes.storage import Store, StoreThread

from .requests import ImageAction, RatingRequest
from .sessions import Clock, timestamp
from .taste import Taste
from .views import View


class _About(TypedDict):
    id: str
    time: str
    profile: str
    session: str
    batch: str
    image: str
    keywords: tuple[str, ...]
    candidate: Candidate
    stage: int


class Feedback:
    """Use cases that record an event about one image."""

    def __init__(self, store: StoreThread, *, taste: Taste, clock: Clock):
        self._store = store
        self._taste = taste
        self._clock = clock

    async def rate(self, image_id: str, rating: RatingRequest) -> View:
        """Record a rating; raises NotFound, Conflict for an image without a picture."""
        event = ImageRated(
            **await self._about(image_id),
            overall=rating.overall,
            quality=rating.quality,
            accuracy=rating.accuracy,
            aesthetics=rating.aesthetics,
            flaws=tuple(rating.flaws),
            tags=tuple(rating.tags),
            comment=rating.comment,
        )
        return await self._record(event)

    async def act(self, image_id: str, action: ImageAction) -> View:
        """Record what the user did with an image; raises as ``rate`` does."""
        return await self._record(ImageActed(**await self._about(image_id), action=action))

    async def _record(self, event: ImageRated | ImageActed) -> View:
        """Not recorded where the profile does not learn: then nothing is kept."""
        intake = await self._taste.take_in([event])
        return {"image_id": event.image, "recorded": bool(intake.added)}

    async def _about(self, image_id: str) -> _About:
        """What all events about one image tell alike."""

        def read(store: Store) -> tuple[Image, Grid, Session]:
            image = store.grids.image(image_id)
            grid = store.grids.get(image.batch_id)
            return image, grid, store.sessions.get(grid.session_id)

        image, grid, session = await self._store.run(read)
        if image.state != "collected":
            raise Conflict(f"Image '{image_id}' has no picture: it is {image.state}.")
        return {
            "id": uuid4().hex,
            "time": timestamp(self._clock),
            "profile": session.profile,
            "session": session.id,
            "batch": image.batch_id,
            "image": image.id,
            "keywords": keywords(grid.brief.prompt),
            "candidate": image.recipe.candidate,
            "stage": grid.stage,
        }
