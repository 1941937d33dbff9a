"""Why a picture is as it is."""

from __future__ import annotations

from functools import partial

from vibes.errors import NoServerCan, NotFound
from vibes.preferences import TYPES, Candidate, Pool
from vibes.preferences.sentences import Level, sentences
from vibes.preferences.terms import Counts
from vibes.prompts import keywords
from vibes.recipes import Ran
from vibes.stages import Brief, Grid, Image, Session
from vibes.storage import Store, StoreThread

from .believing import Beliefs
from .planning import Planner
from .reasoning import deepened, ran_sentences
from .taste import Taste
from .views import View, recipe_view


class Explaining:
    """Use cases that explain an image."""

    def __init__(self, store: StoreThread, *, taste: Taste, planner: Planner):
        self._store = store
        self._taste = taste
        self._planner = planner

    async def recipe(self, image_id: str, level: Level) -> View:
        """The recipe of an image and the reasons for it; raises NotFound.

        The first sentences say why it was chosen then, what "detailed" and "technical" add is
        what is believed now.
        """
        image, grid, session, ran = await self._load(image_id)
        view = await self._taste.look_through(
            lambda: self._explained(image, grid, session.profile, level)
        )
        if level == "technical":
            view["ran"] = ran and ran.to_dict()
            view["explanation"] += ran_sentences(ran) if ran else ()
        return view

    def _explained(self, image: Image, grid: Grid, profile: str, level: Level) -> View:
        candidate = image.recipe.candidate
        brief = Brief(prompt=grid.brief.prompt, tier=image.recipe.tier)
        beliefs = Beliefs(
            self._taste.policy(profile),
            keywords(brief.prompt),
            self._pool(brief) or Pool((candidate.checkpoint,)),
        )
        believed = beliefs.about(candidate)
        say = partial(
            sentences,
            believed,
            candidate=candidate,
            reason=image.reason,
            choice=image.choice,
            alternatives=_alternatives(beliefs, candidate, level),
            counts=self._counts(profile),
        )
        said = deepened(say, image.details, level)
        return recipe_view(image, grid, believed, level, said)

    def _pool(self, brief: Brief) -> Pool | None:
        """What could be chosen now; None while no server can make anything of this tier."""
        try:
            return self._planner.pool_again(brief)
        except (NoServerCan, NotFound):
            return None

    def _counts(self, profile: str) -> Counts:
        statistics = self._taste.statistics(profile)

        def count(kind: str, parts: tuple[str, ...]) -> tuple[int, int]:
            first, *rest = parts
            row = statistics.strongest(kind, [first], *rest) if kind in TYPES else None
            return (row.selected, row.total) if row else (0, 0)

        return count

    async def _load(self, image_id: str) -> tuple[Image, Grid, Session, Ran | None]:
        def read(store: Store) -> tuple[Image, Grid, Session, Ran | None]:
            image = store.grids.image(image_id)
            grid = store.grids.get(image.batch_id)
            return image, grid, store.sessions.get(grid.session_id), store.ran.get(image_id)

        return await self._store.run(read)


def _alternatives(
    beliefs: Beliefs, candidate: Candidate, level: Level
) -> list[tuple[str, float | None]]:
    """Not worked out for a level that does not name them."""
    if level in ("minimal", "standard"):
        return []
    return [(name, why.chance_best) for name, why in beliefs.others(candidate)]
