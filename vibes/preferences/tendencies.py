"""Style tendencies: to which side of an axis a user leans in what he asks for and what he picks.

They are shown to the user; no policy reads them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vibes.prompts.styles import Axis, Side, said

from .rates import Z95, interval
from .tally import Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Lean:
    """From -1, all left, to 1, all right, with its 95 % interval and the counts behind it."""

    balance: float
    interval: tuple[float, float]
    left: Count
    right: Count

    @property
    def is_clear(self) -> bool:
        """Whether the whole interval lies on one side."""
        low, high = self.interval
        return low > 0 or high < 0


def asked(axis: Axis, grids: Mapping[str, int]) -> Lean | None:
    """The lean of the prompts; ``grids`` says in how many of them each keyword stood.

    The share of the right side among both, with its Wilson interval. None where neither was asked.
    """
    left, right = _mentions(axis.left, grids), _mentions(axis.right, grids)
    total = left + right
    if not total:
        return None
    low, high = interval(right, total)
    return Lean(
        balance=2 * right / total - 1,
        interval=(2 * low - 1, 2 * high - 1),
        left=Count(left, total, left),
        right=Count(right, total, right),
    )


def picked(axis: Axis, models: Iterable[tuple[frozenset[str], Count]]) -> Lean | None:
    """The lean of the picks: what is ``said`` of each model, and its count of images.

    Compares the sides' pick rates p and q as (p - q) / (p + q), the hyperbolic tangent of half the
    logarithm of their ratio, with Katz's interval of that ratio (Biometrics 34, 1978). None until
    models of both sides were shown; what fits both sides says nothing.
    """
    sides = {True: Count(), False: Count()}  # is it the right one?
    for words, count in models:
        is_left = not axis.left.words.isdisjoint(words)
        is_right = not axis.right.words.isdisjoint(words)
        if is_left != is_right:
            _add(sides[is_right], count)
    left, right = sides[False], sides[True]
    if not left.total or not right.total:
        return None
    middle, sd = _log_rate(right) - _log_rate(left), math.sqrt(_spread(right) + _spread(left))
    return Lean(
        balance=math.tanh(middle / 2),
        interval=(math.tanh((middle - Z95 * sd) / 2), math.tanh((middle + Z95 * sd) / 2)),
        left=left,
        right=right,
    )


def _mentions(side: Side, grids: Mapping[str, int]) -> int:
    """Grids whose prompt says a word of the side; a word that is a keyword itself tells its own."""
    about: dict[str, int] = {}
    for keyword, count in grids.items():
        for word in side.words & said(keyword):
            about[word] = about.get(word, 0) + count if word not in grids else grids[word]
    return sum(about.values())


def _add(side: Count, count: Count) -> None:
    side.selected += count.selected
    side.total += count.total
    side.grids += count.grids


def _log_rate(count: Count) -> float:
    return math.log((count.selected + 0.5) / (count.total + 0.5))


def _spread(count: Count) -> float:
    """Variance of the logarithm of the rate; half a picture added, so that none picked is fine."""
    return max(1 / (count.selected + 0.5) - 1 / (count.total + 0.5), 0.0)
