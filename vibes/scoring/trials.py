"""Trials: which words succeed how often, and which of two formulations does better.

Two formulations are compared while pictures come in, and whoever looks after every picture must not
find differences that are not there. A usual test, looked at again and again, does; this one bets
against "no difference": the capital of a fair game exceeds 20 times its start with a probability of
at most 1 in 20, however long one watches (Ville 1939). Bets, and the intervals they give, are those
of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 86,
2024), mixed over a grid of stakes as in Orabona and Jun, "Tight concentrations and confidence
sequences from the regret of universal portfolio" (IEEE Trans. Inf. Theory 70, 2024).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from vibes.errors import InvalidInput
from vibes.preferences.rates import interval

Array = npt.NDArray[np.float64]

WORST = 10
EVIDENCE = 8  # pictures; below, even none of them being a success says little about the word
ALPHA = 0.05
WORTH = 0.2  # smaller differences in success than 20 points are not worth hundreds of pictures
MOST_PICTURES = 5000  # a forecast beyond means "very many"

_STAKES = np.linspace(0.05, 0.95, 19)  # of what could be lost; all of it would end the game
_MEANS = np.arange(-49, 50) / 50  # differences a confidence interval is searched among
_STEP = 0.02
_ZERO = len(_MEANS) // 2
_MOST_LOG = 700.0  # of a capital: its exponential is still a number
_DOUBT = (-1.0, 0.0, 0.0, 1.0)  # pairs a forecast adds: from a few alone it would promise too much


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture, and the words it was made with."""

    success: bool
    keywords: tuple[str, ...] = ()
    variations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuccessRate:
    """How often pictures with a word succeed; ``interval`` is the rate's at 95 %, by Wilson.

    ``name`` is a keyword, or a placeholder that had this ``value``.
    """

    kind: Literal["keyword", "variation"]
    name: str
    value: str
    succeeded: int
    pictures: int

    @property
    def rate(self) -> float:
        """The share of successes."""
        return self.succeeded / self.pictures

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate may be, as if every picture were made independently of the others."""
        return interval(self.succeeded, self.pictures)


Verdict = Literal["a", "b", "same", "open"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known of formulations A and B.

    ``verdict`` is "a" or "b" for the better one, "same" where any difference is smaller than was
    worth finding, else "open". ``difference`` is A's mean outcome minus B's over the ``pairs``,
    ``interval`` where the true one is: it holds with 95 % at all looks together. ``evidence`` is
    the capital of a bet against no difference, 1 at its start. ``more`` is about how many pictures
    an open comparison still needs, both sides together, if they go on as before; ``MOST_PICTURES``
    stands for more than anybody makes.
    """

    verdict: Verdict
    difference: float
    interval: tuple[float, float]
    pairs: int
    evidence: float
    more: int

    @property
    def sentence(self) -> str:
        """The verdict for a person."""
        low, high = (f"{100 * end:+.0f}" for end in self.interval)
        span = f"between {low} and {high} points"
        if self.verdict == "open":
            many = "thousands of" if self.more >= MOST_PICTURES else f"about {self.more}"
            return f"Go on: {many} more pictures. So far the difference is {span}."
        if self.verdict == "same":
            return f"No difference worth more pictures: it is {span}."
        return f"{self.verdict.upper()} is better: the difference of A to B is {span}."


def success_rates(outcomes: Iterable[Outcome]) -> list[SuccessRate]:
    """The rate of every keyword and every value of a variation, in order of appearance."""
    seen: Counter[tuple[Literal["keyword", "variation"], str, str]] = Counter()
    succeeded: Counter[tuple[Literal["keyword", "variation"], str, str]] = Counter()
    for outcome in outcomes:
        for keyword in dict.fromkeys(outcome.keywords):
            seen["keyword", keyword, ""] += 1
            succeeded["keyword", keyword, ""] += outcome.success
        for name, value in outcome.variations.items():
            seen["variation", name, value] += 1
            succeeded["variation", name, value] += outcome.success
    return [SuccessRate(*key, succeeded[key], count) for key, count in seen.items()]


def worst(
    rates: Iterable[SuccessRate], *, count: int = WORST, evidence: int = EVIDENCE
) -> list[SuccessRate]:
    """The words that surely fail most, worst first: by the upper end of the interval.

    Words with fewer pictures than ``evidence`` are left out.
    """
    known = [rate for rate in rates if rate.pictures >= evidence]
    return sorted(known, key=lambda r: (r.interval[1], r.rate, r.kind, r.name, r.value))[:count]


def compare(
    a: Sequence[float],
    b: Sequence[float],
    *,
    worth: float = WORTH,
    alpha: float = ALPHA,
) -> Comparison:
    """Compare outcomes of two formulations, each 0..1: successes (0 and 1) or scores.

    The i-th outcome of A is set against the i-th of B. Paired pictures, of one seed and one
    candidate, stand at the same place; others in the order in which they were made, and what one
    side has too many waits for its partner. May be asked after every picture and stopped at any
    time: where there is no difference, A or B is ever called better with a probability of at most
    ``alpha``. "same" means that the whole interval is within ±``worth``.

    Raises InvalidInput for outcomes outside of 0 to 1, or a ``worth`` or ``alpha`` that is none.
    """
    if not (0 < worth < 1 and 0 < alpha < 1):
        raise InvalidInput("A difference worth finding and an error rate are between 0 and 1.")
    differences = _differences(a, b)
    gains = _gains(differences)
    verdict = _verdict(gains, worth, alpha)
    mean = float(differences.mean()) if len(differences) else 0.0
    return Comparison(
        verdict=verdict,
        difference=mean,
        interval=_interval(gains, alpha),
        pairs=len(differences),
        evidence=math.exp(min(float(_log_capital(gains)[_ZERO]), _MOST_LOG)),
        more=0 if verdict != "open" else _more(differences, worth, alpha),
    )


def capitals(a: Sequence[float], b: Sequence[float]) -> Array:
    """The evidence against no difference after each pair, as ``compare`` would have given it."""
    away = _differences(a, b)
    stakes = np.concatenate([_STAKES, -_STAKES])
    paths = np.cumsum(np.log1p(stakes[:, None] * away), axis=1)
    log = np.logaddexp.reduce(paths, axis=0) - math.log(len(stakes))
    return np.asarray(np.exp(np.minimum(log, _MOST_LOG)))


def _differences(a: Sequence[float], b: Sequence[float]) -> Array:
    pairs = min(len(a), len(b))
    sides = [np.asarray(side, dtype=np.float64) for side in (a, b)]
    if not all(((side >= 0) & (side <= 1)).all() for side in sides):
        raise InvalidInput(
            "Outcomes are compared as numbers from 0 to 1; divide percentages by 100."
        )
    return sides[0][:pairs] - sides[1][:pairs]


def _gains(differences: Array) -> Array:
    """Log gains of each stake against each of ``_MEANS``; shape (2 · stakes, means).

    A stake f on "more" multiplies its capital by 1 + f (d - m) / (1 + m) at a difference d, one on
    "less" by 1 - f (d - m) / (1 - m): fair where the mean is m, never below 1 - f. They grow in
    proportion where the same differences come again.
    """
    values, counts = np.unique(differences, return_counts=True)
    away = values[None, :] - _MEANS[:, None]  # (means, values)
    ways = (away / (1 + _MEANS[:, None]), -away / (1 - _MEANS[:, None]))
    return np.concatenate([np.log1p(_STAKES[:, None, None] * way) @ counts for way in ways])


def _log_capital(gains: Array) -> Array:
    """Log capital against each mean: split evenly over all stakes, so that it is fair too."""
    return np.asarray(np.logaddexp.reduce(gains, axis=0) - math.log(len(gains)))


def _verdict(gains: Array, worth: float, alpha: float) -> Verdict:
    """By the capital of the bet against no difference, then by the interval."""
    if _log_capital(gains)[_ZERO] >= -math.log(alpha):
        more, less = gains[:, _ZERO].reshape(2, -1).max(axis=1)
        return "a" if more > less else "b"
    low, high = _interval(gains, alpha)
    return "same" if -worth <= low and high <= worth else "open"


def _interval(gains: Array, alpha: float) -> tuple[float, float]:
    """The mean differences no bet has refuted, a step of the grid wider to both sides."""
    capital = _log_capital(gains)
    kept = _MEANS[capital < -math.log(alpha)]
    if not len(kept):  # nearly all differences are the same extreme one
        kept = _MEANS[[int(capital.argmin())]]
    return round(float(kept[0]) - _STEP, 2), round(float(kept[-1]) + _STEP, 2)


def _more(differences: Array, worth: float, alpha: float) -> int:
    """Pictures until a verdict if those to come are like those so far, with some doubt mixed in."""
    doubted = np.concatenate([differences, _DOUBT])
    gains = _gains(doubted) / len(doubted)
    low, high = float(len(doubted)), float(len(doubted)) + MOST_PICTURES / 2
    if _verdict(gains * high, worth, alpha) == "open":
        return MOST_PICTURES
    while high - low > 1:
        middle = (low + high) / 2
        settled = _verdict(gains * middle, worth, alpha) != "open"
        low, high = (low, middle) if settled else (middle, high)
    return max(2, 2 * math.ceil(high - len(doubted)))
