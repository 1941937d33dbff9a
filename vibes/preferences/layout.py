"""Laying out a grid: which checkpoints, how many images each, which LoRAs on which image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vibes.recipes import Candidate, LoraUse

from .apportion import apportion
from .belief import Belief

FLOOR = 2  # images of a checkpoint that is in the grid at all: one bad seed decides nothing

LoraSet = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Everything about a grid that is not left to chance; ``draw`` adds the chance."""

    checkpoints: Mapping[str, Belief]
    loras: Mapping[str, Belief]
    shares: Mapping[tuple[str, str], float]  # (checkpoint, LoRA) -> share of images to have it
    levels: Mapping[str, float]  # LoRA -> 0..1, where in the strengths it belongs
    strengths: tuple[float, ...]  # ascending
    max_checkpoints: int
    max_loras: int

    def draw(self, count: int, rng: np.random.Generator) -> list[Candidate]:
        """``count`` candidates in random order, so that no place on the screen favours any."""
        if not count:
            return []
        checkpoints = self._spread(count, rng)
        team = _members(self.loras, self.max_loras, rng)
        sets = self._comparisons(team, checkpoints)[:count]
        sets += [self._chosen(team, checkpoint, rng) for checkpoint in checkpoints[len(sets) :]]
        candidates = [
            Candidate(checkpoint, tuple(LoraUse(lora, self._strength(lora, rng)) for lora in loras))
            for checkpoint, loras in zip(checkpoints, sets, strict=True)
        ]
        return [candidates[i] for i in rng.permutation(count)]

    def _spread(self, count: int, rng: np.random.Generator) -> list[str]:
        """Each image's checkpoint: more images for what is liked, and for what is little known."""
        members = _members(self.checkpoints, min(self.max_checkpoints, count), rng)
        promises = [self.checkpoints[name].mean + self.checkpoints[name].spread for name in members]
        shares = apportion(promises, count, floor=FLOOR)
        images = [name for name, share in zip(members, shares, strict=True) for _ in range(share)]
        return [images[i] for i in rng.permutation(count)]

    def _comparisons(self, team: LoraSet, checkpoints: Sequence[str]) -> list[LoraSet]:
        """The sets every grid shows first: the best guess, none, A, B, A and B together."""
        if not team:
            return []
        best = tuple(
            lora
            for lora in team
            if sum(self.shares[name, lora] for name in checkpoints) >= len(checkpoints) / 2
        )
        return list(dict.fromkeys([best, (), team[:1], team[1:2], team[:2]]))

    def _chosen(self, team: LoraSet, checkpoint: str, rng: np.random.Generator) -> LoraSet:
        return tuple(lora for lora in team if rng.random() < self.shares[checkpoint, lora])

    def _strength(self, lora: str, rng: np.random.Generator) -> float:
        """The LoRA's level, or the strength beside it, so that strengths are compared too."""
        last = len(self.strengths) - 1
        usual = round(self.levels[lora] * last)
        return self.strengths[min(max(usual + int(rng.integers(-1, 2)), 0), last)]


def _members(beliefs: Mapping[str, Belief], size: int, rng: np.random.Generator) -> tuple[str, ...]:
    """The best by expectation, then the best by a draw from each belief, so that all get turns."""
    if not size or not beliefs:
        return ()
    drawn = {name: belief.draw(rng) for name, belief in beliefs.items()}
    best = max(beliefs, key=lambda name: (beliefs[name].mean, drawn[name]))
    rest = sorted((name for name in beliefs if name != best), key=lambda name: -drawn[name])
    return (best, *rest[: size - 1])
