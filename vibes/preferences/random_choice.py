"""The random policy: learns nothing; what every other policy is measured against."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from vibes.recipes import Candidate, LoraUse

from .policy import Explanation, GridOutcome, Pool, Propensity, Proposal
from .propensity import estimate

_REASON = "Exploring: chosen at random."


class RandomChoice:
    """Chooses checkpoints, the number of LoRAs, LoRAs and strengths uniformly."""

    name = "random"
    version = 1

    def __init__(self, rng: np.random.Generator):
        self._rng = rng

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """``count`` candidates from the pool, in the order in which to show them."""
        return [Proposal(candidate, _REASON) for candidate in _grid(pool, count, self._rng)]

    def propensities(
        self, keywords: Sequence[str], pool: Pool, proposals: Sequence[Proposal]
    ) -> list[Propensity]:
        """How likely each proposal's parts were; disturbs no random stream, may run later."""
        return estimate(lambda rng: _grid(pool, len(proposals), rng), proposals)

    def update(self, outcome: GridOutcome) -> None:
        """Nothing is learned."""

    def explain(
        self, keywords: Sequence[str], candidate: Candidate, pool: Pool | None = None
    ) -> Explanation:
        """Nothing is believed: no evidence, every candidate of the same value."""
        return Explanation(
            value=0.0,
            confidence=0.0,
            selection_rate=0.0,
            interval=(0.0, 1.0),
            evidence=0,
            reason=_REASON,
        )

    def copy(self, rng: np.random.Generator) -> RandomChoice:
        """The same with chance of its own."""
        return RandomChoice(rng)

    def dump(self) -> bytes:
        """The policy's name: there is no other state."""
        return json.dumps({"policy": self.name, "version": 1}).encode()


def _grid(pool: Pool, count: int, rng: np.random.Generator) -> list[Candidate]:
    spread = min(pool.max_checkpoints or len(pool.checkpoints), len(pool.checkpoints))
    members = rng.permutation(len(pool.checkpoints))[:spread]
    return [
        Candidate(pool.checkpoints[rng.choice(members)], _loras(pool, rng)) for _ in range(count)
    ]


def _loras(pool: Pool, rng: np.random.Generator) -> tuple[LoraUse, ...]:
    how_many = rng.integers(min(pool.max_loras, len(pool.loras)) + 1)
    chosen = rng.permutation(len(pool.loras))[:how_many]
    return tuple(LoraUse(pool.loras[i], float(rng.choice(pool.strengths))) for i in chosen)
