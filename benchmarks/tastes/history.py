"""What twenty other users of the same world left behind: twenty grids each, shown at random."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vibes.preferences import GridOutcome, Policy, Prior, Taste, new_policy
from vibes.preferences.shared_prior import MIN_GRIDS

from .users import COUNT, User, outcome, random_candidate, whole_pool, with_relevance
from .world import World

OTHERS = 20
GRIDS = 20


def others_of(world: World) -> list[Taste]:
    """One policy per user, as in a studio they all work in."""
    return list(_others(world))


def prior_of_others(world: World) -> Prior:
    """What a studio where they all work as one profile would share."""
    everyone = Taste(np.random.default_rng(0), clusters=world.clusters)
    for grids in zip(*_histories(world), strict=True):
        for each in grids:
            everyone.update(each)
    return everyone.shareable(MIN_GRIDS)


def rates_of_others(world: World) -> Policy:
    """The counts of all profiles together."""
    everyone = new_policy("selection_rate", np.random.default_rng(0))
    for grids in _histories(world):
        for each in grids:
            everyone.update(each)
    return everyone


@lru_cache(maxsize=1)
def _histories(world: World) -> list[list[GridOutcome]]:
    return [_history(world, number) for number in range(1, OTHERS + 1)]


@lru_cache(maxsize=1)
def _others(world: World) -> list[Taste]:
    found = []
    for grids in _histories(world):
        taste = Taste(np.random.default_rng(0), clusters=world.clusters)
        for each in grids:
            taste.update(each)
        found.append(taste)
    return found


def _history(world: World, number: int) -> list[GridOutcome]:
    rng = np.random.default_rng([world.seed, 6, number])
    user = User(world, number)
    grids = []
    for _ in range(GRIDS):
        prompt = world.prompt(rng)
        values = user.values(prompt)
        shown = [random_candidate(rng) for _ in range(COUNT)]
        seen = user.seen(np.array([values.of(candidate) for candidate in shown]), rng)
        pool = with_relevance(whole_pool(), world, prompt)
        grids.append(outcome(prompt, pool, shown, user.looks(seen, rng)))
    return grids
