"""Scores of any scorer on one scale: standardised by the mean and spread seen so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LIMIT = 4.0  # standard deviations; further out is a broken scorer rather than a better image
_LARGEST = 1e150  # squares of larger scores are no numbers any more


@dataclass(slots=True)
class Moments:
    """Count, sum and sum of squares around ``origin``, the first score seen."""

    origin: float
    count: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def add(self, values: Iterable[float]) -> None:
        """Take in scores; in which order makes no difference."""
        shifted = [_bounded(value - self.origin) for value in values]
        self.count += len(shifted)
        self.total = _bounded(self.total + math.fsum(shifted))
        self.squares = min(self.squares + math.fsum(x * x for x in shifted), 1e300)

    def standardised(self, value: float) -> float:
        """The score in standard deviations from the mean; 0 while all scores are equal."""
        mean = self.total / self.count
        variance = self.squares / self.count - mean * mean
        if not variance > 0:
            return 0.0
        z = (_bounded(value - self.origin) - mean) / math.sqrt(variance)
        return min(max(z, -_LIMIT), _LIMIT)


def learn_scales(scales: dict[str, Moments], features: Iterable[Mapping[str, float]]) -> None:
    """Take in the scores of a grid's images, by name."""
    values: dict[str, list[float]] = {}
    for scores in features:
        for name, value in scores.items():
            values.setdefault(name, []).append(value + 0.0)  # of two zeros, one
    for name, seen in values.items():
        scales.setdefault(name, Moments(origin=_bounded(min(seen)))).add(seen)


def _bounded(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)
