"""Drawing a grid: tempered Thompson sampling, a draw of its own for every image.

Thompson (1933); tempering (``ALPHA``) and as many draws as images is what measured best: a grid of
few ways to make an image repeats itself, full-width draws explore long after they need to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vibes.preferences.apportion import apportion
from vibes.recipes import Candidate, LoraUse

from .belief import Gaussian
from .evidence import Ints
from .model import ALPHA, PROBE_FROM, QUICK_ALPHA
from .outlook import Outlook

LEAST = 2  # checkpoints of a grid that is to be spread over several
FLOOR = 2  # images of a checkpoint that is in the grid at all: one bad seed decides nothing
WITHOUT = (
    2  # images that go without a LoRA, where there are so few that it would be in all of them:
)
# what every image has is compared with nothing

Draws = npt.NDArray[np.float32]


class Drawn(NamedTuple):
    """A candidate, and whether it was drawn uniformly."""

    candidate: Candidate
    probe: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything about a grid that is not left to chance; ``draw`` adds the chance."""

    outlook: Outlook
    probes: int

    def draw(self, count: int, rng: np.random.Generator) -> list[Drawn]:
        """``count`` candidates in random order, so that no place on the screen favours any."""
        if not count:
            return []
        probes = min(self.probes, count - 1) if self._explores(count) else 0
        chosen = self._chosen(count - probes, rng)
        inside = sorted(set(chosen.tolist()))
        drawn = [Drawn(made, False) for made in self._candidates(chosen, rng)]
        drawn += [Drawn(self._probe(inside, rng), True) for _ in range(probes)]
        return [drawn[i] for i in rng.permutation(count)]

    @property
    def _quick(self) -> bool:
        return self.outlook.pool.max_checkpoints == 1

    def _explores(self, count: int) -> bool:
        return count >= PROBE_FROM and not self._quick

    def _chosen(self, count: int, rng: np.random.Generator) -> Ints:
        """The checkpoint of each image."""
        look = self.outlook
        if self._quick:
            return np.full(count, look.checkpoint.mean.argmax())
        draws = self._draws(look.checkpoint, count, rng)
        won = np.bincount(draws.argmax(axis=1), minlength=len(look.pool.checkpoints))
        size = int((won > 0).sum())
        if look.pool.max_checkpoints:  # to be spread over: one checkpoint is compared with nothing
            size = min(max(size, LEAST), look.pool.max_checkpoints, len(won))
        size = min(size, max(count // FLOOR, 1))
        best = np.lexsort((-draws.max(axis=0), -won))[:size]
        again = np.bincount(draws[:, best].argmax(axis=1), minlength=size)
        return np.repeat(best, apportion(again.tolist(), count, floor=FLOOR))

    def _candidates(self, chosen: Ints, rng: np.random.Generator) -> list[Candidate]:
        look = self.outlook
        names = look.pool.checkpoints
        most = min(look.pool.max_loras, len(look.loras))
        if not most:
            return [Candidate(names[i]) for i in chosen]
        strengths = self._draws(look.strength, len(chosen), rng)
        effects = self._draws(look.lora, len(chosen), rng) + strengths.max(axis=1)
        effects += self._draws(look.pair[chosen], 1, rng)[0]
        levels = strengths.argmax(axis=1)
        return [
            Candidate(names[c], tuple(self._use(lora, level[lora]) for lora in loras))
            for c, level, loras in zip(chosen, levels, self._sets(effects, most, rng), strict=True)
        ]

    def _sets(self, effects: Draws, most: int, rng: np.random.Generator) -> list[Ints]:
        """The best LoRAs of each image, as far as they help."""
        sets = [_best(row, most) for row in effects]
        if not self._explores(len(sets)) or effects.shape[1] > 2 * most:
            return sets
        shown = np.bincount(np.concatenate(sets), minlength=effects.shape[1])
        everywhere = np.flatnonzero(shown == len(sets))
        for lora in everywhere:
            effects[rng.permutation(len(sets))[:WITHOUT], lora] = -np.inf
        return [_best(row, most) for row in effects] if len(everywhere) else sets

    def _use(self, lora: int | np.integer[Any], level: int | np.integer[Any]) -> LoraUse:
        return LoraUse(self.outlook.loras[lora], self.outlook.pool.strengths[level])

    def _probe(self, inside: list[int], rng: np.random.Generator) -> Candidate:
        """A checkpoint of the grid and a set of LoRAs, all equally likely, at any strengths."""
        look = self.outlook
        most = min(look.pool.max_loras, len(look.loras))
        sets = np.array([float(comb(len(look.loras), size)) for size in range(most + 1)])
        size = rng.choice(most + 1, p=sets / sets.sum())
        loras = rng.permutation(len(look.loras))[:size]
        levels = rng.integers(max(len(look.pool.strengths), 1), size=size)
        checkpoint = look.pool.checkpoints[inside[rng.integers(len(inside))]]
        return Candidate(checkpoint, tuple(map(self._use, loras, levels)))

    def _draws(self, beliefs: Gaussian, count: int, rng: np.random.Generator) -> Draws:
        """``count`` tempered draws of each belief, shape (count, *beliefs)."""
        alpha = QUICK_ALPHA if self._quick else ALPHA
        noise = rng.standard_normal((count, *beliefs.mean.shape), dtype=np.float32)
        noise *= (alpha * np.sqrt(beliefs.variance)).astype(np.float32)
        noise += beliefs.mean.astype(np.float32)
        return noise


def _best(effects: Draws, most: int) -> Ints:
    """Positions of at most so many positive effects, the largest first."""
    found = np.argpartition(-effects, most - 1)[:most]
    found = found[effects[found] > 0]
    return found[np.argsort(-effects[found], kind="stable")]
