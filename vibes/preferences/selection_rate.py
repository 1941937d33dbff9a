"""The selection-rate policy: show more of what was picked, and of what is little known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vibes.recipes import Candidate

from .belief import Beliefs
from .layout import Layout
from .policy import Explanation, GridOutcome, Pool, Propensity, Proposal
from .propensity import estimate
from .reasons import Reasons, strongest
from .tally import Tally

USUAL_SPREAD = 3  # checkpoints in a grid where the pool sets no limit


class SelectionRate:
    """Counts what is picked of what is shown, per keyword, checkpoint, LoRA and their pairings.

    ``prior`` is the same policy fed with every profile's grids: it stands in until this profile's
    own evidence outweighs it. It is read at every call, so it may go on learning.
    """

    name = "selection_rate"
    version = 1

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        tally: Tally | None = None,
        prior: SelectionRate | None = None,
    ):
        self._rng = rng
        self._tally = tally or Tally()
        self._prior = prior

    def propose(self, keywords: Sequence[str], pool: Pool, count: int) -> list[Proposal]:
        """``count`` candidates from the pool, in the order in which to show them."""
        candidates = self._layout(keywords, pool).draw(count, self._rng)
        reasons = self._reasons(keywords, pool.relevance)
        return [Proposal(candidate, reasons.sentence(candidate)) for candidate in candidates]

    def propensities(
        self, keywords: Sequence[str], pool: Pool, proposals: Sequence[Proposal]
    ) -> list[Propensity]:
        """How likely each proposal's parts were; disturbs no random stream, may run later."""
        layout = self._layout(keywords, pool)
        return estimate(lambda rng: layout.draw(len(proposals), rng), proposals)

    def update(self, outcome: GridOutcome) -> None:
        """Learn from one submitted grid; the order of its images does not matter."""
        self._tally.add(outcome)

    def explain(
        self, keywords: Sequence[str], candidate: Candidate, pool: Pool | None = None
    ) -> Explanation:
        """What is believed about ``candidate``; with a pool, its relevance counts as prior.

        Rate, interval, evidence and confidence are those of the keyword best known about the
        candidate's checkpoint: the one its reason cites.
        """
        relevance = pool.relevance if pool else {}
        beliefs = self._beliefs(keywords, relevance)
        reasons = self._reasons(keywords, relevance)
        means = [beliefs.checkpoint(candidate.checkpoint).mean]
        means += [
            beliefs.lora(use.name, checkpoint=candidate.checkpoint).mean for use in candidate.loras
        ]
        _, count = strongest(self._tally, "checkpoint", keywords, candidate.checkpoint)
        return Explanation(
            value=sum(means) / len(means),
            confidence=count.confidence,
            selection_rate=count.rate,
            interval=count.interval,
            evidence=count.total,
            reason=reasons.sentence(candidate),
            terms=tuple(reasons.terms(candidate)),
        )

    def copy(self, rng: np.random.Generator) -> SelectionRate:
        """The same counts, which go their own way from here on; the prior's as they are now."""
        prior = self._prior.copy(rng) if self._prior else None
        return SelectionRate(rng, tally=self._tally.copy(), prior=prior)

    def dump(self) -> bytes:
        """The whole state as JSON, the prior's included; equal states give equal bytes."""
        return json.dumps(self._state(), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_state(cls, state: Mapping[str, Any], rng: np.random.Generator) -> SelectionRate:
        """Inverse of ``dump``'s JSON."""
        prior = cls.from_state(state["prior"], rng) if state["prior"] else None
        return cls(rng, tally=Tally.from_dict(state["tally"]), prior=prior)

    def _state(self) -> dict[str, Any]:
        prior = self._prior._state() if self._prior else None
        return {"policy": self.name, "version": 1, "tally": self._tally.to_dict(), "prior": prior}

    def _everyone(self) -> Tally | None:
        return self._prior._tally if self._prior else None

    def _beliefs(self, keywords: Sequence[str], relevance: Mapping[str, float]) -> Beliefs:
        return Beliefs(self._tally, self._everyone(), keywords, relevance)

    def _reasons(self, keywords: Sequence[str], relevance: Mapping[str, float]) -> Reasons:
        return Reasons(self._tally, self._everyone(), keywords, relevance)

    def _layout(self, keywords: Sequence[str], pool: Pool) -> Layout:
        beliefs = self._beliefs(keywords, pool.relevance)
        loras = _usable(beliefs, pool)
        return Layout(
            checkpoints={name: beliefs.checkpoint(name) for name in pool.checkpoints},
            loras={name: beliefs.lora(name) for name in loras},
            shares={
                (checkpoint, lora): _share(beliefs, checkpoint, lora)
                for checkpoint in pool.checkpoints
                for lora in loras
            },
            levels={name: _level(pool, name) for name in loras},
            strengths=tuple(sorted(pool.strengths)),
            max_checkpoints=pool.max_checkpoints or USUAL_SPREAD,
            max_loras=pool.max_loras,
        )


def _usable(beliefs: Beliefs, pool: Pool) -> list[str]:
    """The LoRAs that fit by their metadata, or that proved themselves with these keywords."""
    if not any(name in pool.relevance for name in pool.loras):
        return list(pool.loras)
    return [name for name in pool.loras if pool.relevance.get(name, 0) > 0 or beliefs.proven(name)]


def _level(pool: Pool, lora: str) -> float:
    """Where in the pool's strengths a LoRA belongs, 0..1: where it starts, else by relevance."""
    if lora not in pool.start:
        return pool.relevance.get(lora, 0.5)
    ascending = sorted(pool.strengths)
    nearest = min(ascending, key=lambda strength: abs(strength - pool.start[lora]))
    return ascending.index(nearest) / max(len(ascending) - 1, 1)


def _share(beliefs: Beliefs, checkpoint: str, lora: str) -> float:
    """The share of the checkpoint's images that get the LoRA: half where it makes no difference."""
    with_it = beliefs.lora(lora, checkpoint=checkpoint).mean
    share = with_it / (with_it + beliefs.base)
    return min(max(share, 0.1), 0.9)  # never all and never none: both must stay comparable
