"""What a policy believes of the checkpoints of a pool, and of candidates beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from vibes.preferences import Candidate, Explanation, Policy, Pool
from vibes.preferences.sentences import spoken_reason

from .views import View

ALTERNATIVES = 3
"""Checkpoints named beside an image's own."""


@dataclass(frozen=True)
class Beliefs:
    """The policy's explanations for one prompt and what may be chosen for it."""

    policy: Policy
    words: Sequence[str]
    pool: Pool

    @cached_property
    def ranked(self) -> Mapping[str, Explanation]:
        """The pool's checkpoints, best first; worked out once, as it takes milliseconds each."""
        known = {
            name: self.policy.explain(self.words, Candidate(name), self.pool)
            for name in self.pool.checkpoints
        }
        return dict(sorted(known.items(), key=lambda item: -item[1].value))

    def about(self, candidate: Candidate) -> Explanation:
        """What is believed of one candidate; of one from outside the pool without comparison."""
        inside = candidate.checkpoint in self.pool.checkpoints
        return self.policy.explain(self.words, candidate, self.pool if inside else None)

    def others(self, candidate: Candidate) -> list[tuple[str, Explanation]]:
        """The best checkpoints beside the candidate's own."""
        beside = [item for item in self.ranked.items() if item[0] != candidate.checkpoint]
        return beside[:ALTERNATIVES]

    def view(self, candidate: Candidate) -> View:
        """How sure the choice of a planned image is, and what else was considered."""
        believed = self.about(candidate)
        return {
            "confidence": believed.confidence,
            "chance_best": believed.chance_best,
            "alternatives": [
                {
                    "checkpoint": name,
                    "reason": spoken_reason(other),
                    "chance_best": other.chance_best,
                }
                for name, other in self.others(candidate)
            ],
        }
