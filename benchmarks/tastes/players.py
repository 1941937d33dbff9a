"""Who plays in the benchmark: the policies of Vibes, one who knows the truth, and peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vibes.preferences import GridOutcome, Pool, Proposal, new_policy

from .history import others_of, prior_of_others, rates_of_others
from .peers import PeerPerItem
from .users import Values
from .world import World


class Player(Protocol):
    """What the benchmark needs of a policy."""

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """As in Policy."""
        ...

    def update(self, outcome: GridOutcome) -> None:
        """As in Policy."""
        ...


class Oracle:
    """Shows the three best candidates, as many images of each as of the others."""

    SPREAD = 3

    def __init__(self) -> None:
        self.values: Values | None = None  # of the grid to come

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """The best there are."""
        assert self.values is not None
        best = self.values.best(pool, self.SPREAD)
        return [Proposal(best[place % len(best)][1], "The best.") for place in range(count)]

    def update(self, outcome: GridOutcome) -> None:
        """There is nothing to learn."""


NewPlayer = Callable[[World, np.random.Generator], Player]


@dataclass(frozen=True)
class Entry:
    """How a player takes part; ``limit`` is the most checkpoints in its grids, None for any."""

    new: NewPlayer
    limit: int | None = None


def vibes_player(name: str) -> NewPlayer:
    """A policy of Vibes, told the clusters of this world's keywords."""

    def new(world: World, rng: np.random.Generator) -> Player:
        return new_policy(name, rng, clusters=world.clusters)

    return new


def lints(world: World, rng: np.random.Generator) -> Player:
    """MABWiser's linear Thompson sampling per item."""
    return PeerPerItem(world, rng, "LinTS")


def linucb(world: World, rng: np.random.Generator) -> Player:
    """MABWiser's LinUCB per item."""
    return PeerPerItem(world, rng, "LinUCB")


def with_prior(world: World, rng: np.random.Generator) -> Player:
    """Taste that starts from a shared prior."""
    return new_policy("taste", rng, world.clusters, prior_of_others(world))


def with_others(world: World, rng: np.random.Generator) -> Player:
    """Taste in a studio where twenty other profiles learn."""
    return new_policy("taste", rng, world.clusters, others=others_of(world))


def rates_with_others(world: World, rng: np.random.Generator) -> Player:
    """The selection-rate rule in such a studio."""
    return new_policy("selection_rate", rng, prior=rates_of_others(world))


PLAYERS: Mapping[str, Entry] = {
    "random": Entry(vibes_player("random")),
    "selection_rate": Entry(vibes_player("selection_rate"), limit=3),
    "selection_rate_6": Entry(vibes_player("selection_rate"), limit=6),
    "selection_rate_others": Entry(rates_with_others, limit=3),
    "taste": Entry(vibes_player("taste")),
    "taste_3": Entry(vibes_player("taste"), limit=3),
    "taste_unclustered": Entry(lambda world, rng: new_policy("taste", rng)),
    "taste_prior": Entry(with_prior),
    "taste_others": Entry(with_others),
    "oracle": Entry(lambda world, rng: Oracle()),
    "lints": Entry(lints),
    "linucb": Entry(linucb),
}
"""Where a pool sets no limit the selection-rate rule takes three: its variants are 3 and 6."""
