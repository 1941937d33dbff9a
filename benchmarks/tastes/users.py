"""Simulated users: what an image is worth to them, and what they pick of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vibes.preferences import Candidate, GridOutcome, LoraUse, Pool

from .world import (
    BEST_STRENGTH,
    CHECKPOINTS,
    CURVATURE,
    LORA_COST,
    LORAS,
    STRENGTH_SPREAD,
    Floats,
    Ints,
    Prompt,
    World,
    lora_sets,
)

COUNT = 20  # images of a grid
PICKS = (3, 8)
POSITION = 0.4  # what the first image gains and the last one loses
REJECTED = (0.02, 0.18)  # share of random grids a user turns down: between them, evenly
GRIDS_TRIED = 100  # by which the threshold of each user is found
_CHECKPOINT = {name: index for index, name in enumerate(CHECKPOINTS)}
_LORA = {name: index for index, name in enumerate(LORAS)}


@dataclass(frozen=True)
class Habits:
    """How carefully a user picks: scale of the image noise, share of the picks that are slips."""

    noise: float = 1.0
    lapses: float = 0.1


class User:
    """One member of a world's population; ``number`` says which.

    Looks at a grid as a whole first: where no image seems better than doing without, all are
    rejected. Otherwise the few that seem best are picked.
    """

    def __init__(self, world: World, number: int, habits: Habits | None = None):
        rng = np.random.default_rng([world.seed, 1, number])
        self.world = world
        self.tastes = world.shared.mixed(world.draw(rng))
        self.habits = habits or Habits()
        self.best_strength = BEST_STRENGTH + STRENGTH_SPREAD * self.tastes.strength
        self.threshold = self._threshold(float(rng.uniform(*REJECTED)), rng)

    def converted(self) -> User:
        """A user with the same habits and threshold, but tastes that share nothing with these."""
        other = object.__new__(User)
        other.__dict__.update(self.__dict__)
        rng = np.random.default_rng([self.world.seed, 2])
        other.tastes = self.world.draw(rng)
        other.best_strength = BEST_STRENGTH + STRENGTH_SPREAD * other.tastes.strength
        return other

    def values(self, prompt: Prompt) -> Values:
        """What every model is worth for a prompt."""
        return Values(self, prompt)

    def looks(self, seen: Floats, rng: np.random.Generator, picks: int | None = None) -> Ints:
        """Positions picked of a grid whose images seem worth ``seen``; none where all are rejected.

        ``picks`` is their number where the stage of the funnel sets it; nothing is rejected then.
        """
        if picks is None:
            picks = int(rng.integers(PICKS[0], PICKS[1] + 1))
            if seen.max() < self.threshold:
                return np.empty(0, dtype=np.intp)
        best = np.argsort(-seen)
        chosen, rest = best[:picks], rng.permutation(best[picks:])
        slips = rng.random(picks) < self.habits.lapses
        slips[np.cumsum(slips) > len(rest)] = False
        return np.sort(np.concatenate([chosen[~slips], rest[: slips.sum()]]))

    def seen(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Utilities as they look on the screen: with noise, and the first ones better."""
        place = np.linspace(POSITION, -POSITION, len(values))
        return np.asarray(values + place + rng.gumbel(0, self.habits.noise, len(values)))

    def _threshold(self, rejected: float, rng: np.random.Generator) -> float:
        """The utility that so many random grids have no image above."""
        best = []
        for _ in range(GRIDS_TRIED):
            values = self.values(self.world.prompt(rng))
            shown = np.array([values.of(random_candidate(rng)) for _ in range(COUNT)])
            best.append(self.seen(shown, rng).max())
        return float(np.quantile(best, rejected))


class Values:
    """One user's expected utilities for one prompt."""

    def __init__(self, user: User, prompt: Prompt):
        tastes, words = user.tastes, prompt.words
        root = np.sqrt(len(words))
        pairs = tastes.pair_checkpoint[np.ix_(words, words)].sum((0, 1)) / 2
        pairs /= np.sqrt(len(words) * (len(words) - 1) / 2)
        self.checkpoints = tastes.checkpoint + tastes.word_checkpoint[words].sum(0) / root + pairs
        lora = LORA_COST + tastes.lora + tastes.word_lora[words].sum(0) / root
        self.loras = lora + tastes.checkpoint_lora  # [C, L], at the best strength
        self.best_strength = user.best_strength
        self.pairs = tastes.lora_pair

    def of(self, candidate: Candidate) -> float:
        """Of one way to make an image."""
        checkpoint = _CHECKPOINT[candidate.checkpoint]
        loras = [_LORA[use.name] for use in candidate.loras]
        value = self.checkpoints[checkpoint]
        for place, (lora, use) in enumerate(zip(loras, candidate.loras, strict=True)):
            value += self.loras[checkpoint, lora]
            value -= CURVATURE * (use.strength - self.best_strength[lora]) ** 2
            value += sum(self.pairs[lora, other] for other in loras[:place])
        return float(value)

    def best(self, pool: Pool, count: int) -> list[tuple[float, Candidate]]:
        """The ``count`` best candidates of a pool that offers everything, with their utilities."""
        strengths = np.array(pool.strengths)
        distance = (strengths - self.best_strength[:, None]) ** 2
        chosen = strengths[distance.argmin(1)]
        at_best = self.loras - CURVATURE * distance.min(1)
        found: list[tuple[float, Candidate]] = []
        for sets in lora_sets(pool.max_loras):
            total = self.checkpoints[:, None] + _pair_sums(sets, self.pairs)
            for column in sets.T:
                total += at_best[:, column]
            top = np.argpartition(-total, min(count, total.size) - 1, axis=None)[:count]
            for checkpoint, row in zip(*np.unravel_index(top, total.shape), strict=True):
                uses = tuple(LoraUse(LORAS[i], float(chosen[i])) for i in sets[row])
                candidate = Candidate(CHECKPOINTS[checkpoint], uses)
                found.append((float(total[checkpoint, row]), candidate))
        return sorted(found, key=lambda one: -one[0])[:count]

    def highest(self, pool: Pool) -> float:
        """The utility of the best candidate."""
        return self.best(pool, 1)[0][0]


def whole_pool() -> Pool:
    """Everything the world has, under the limits a pool has as shipped."""
    return Pool(checkpoints=CHECKPOINTS, loras=LORAS)


def with_relevance(pool: Pool, world: World, prompt: Prompt) -> Pool:
    """The pool for one prompt."""
    return replace(pool, relevance=world.relevance(prompt))


def outcome(
    prompt: Prompt, pool: Pool, shown: Sequence[Candidate], picked: Ints, stage: int = 0
) -> GridOutcome:
    """As a policy is told it."""
    names = {lora.name for candidate in shown for lora in candidate.loras}
    return GridOutcome(
        keywords=prompt.keywords,
        stage=stage,
        candidates=tuple(shown),
        picked=frozenset(map(int, picked)),
        relevance={name: value for name, value in pool.relevance.items() if name in names},
    )


def random_candidate(rng: np.random.Generator) -> Candidate:
    """Any checkpoint with up to as many LoRAs as a pool allows, at any of its strengths."""
    pool = whole_pool()
    loras = rng.permutation(len(LORAS))[: rng.integers(pool.max_loras + 1)]
    uses = tuple(LoraUse(LORAS[i], float(rng.choice(pool.strengths))) for i in loras)
    return Candidate(CHECKPOINTS[rng.integers(len(CHECKPOINTS))], uses)


def _pair_sums(sets: Ints, pairs: Floats) -> Floats:
    """For each set what its pairs add."""
    total = np.zeros(len(sets))
    for one in range(sets.shape[1]):
        for other in range(one):
            total += pairs[sets[:, one], sets[:, other]]
    return total
