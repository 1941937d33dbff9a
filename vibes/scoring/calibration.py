"""Calibration: from a model's margins to the share of pictures that really show what was asked.

A margin says only that one picture fits better than another: how often pictures of a margin show
the thing is learned from labels, for each model and slot. Until there are labels, nothing here
gives a number, and no percentage may be shown.

From few labels by Platt's curve, a logistic one of two parameters (Platt 1999, "Probabilistic
outputs for support vector machines", with his smoothed targets); from ``ISOTONIC_FROM`` on by
isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002), which takes any shape that
never falls.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from vibes.errors import InvalidInput

Array = npt.NDArray[np.float64]

ANY = "any"
"""The slot of all labels of a model together: it stands in for slots with too few of their own."""
FEWEST = 20  # labels; of fewer, a curve would say more about their luck than about the model
FEWEST_OF_A_KIND = 3  # shown, and not shown: of one kind alone there is nothing to tell apart
ISOTONIC_FROM = (
    200  # labels; below, steps follow single labels, and a curve of two numbers is surer
)
PULL = 0.1  # towards a slope of 0: a Gaussian prior of variance 1 / PULL on the standardised slope
VERSION = 1

_STEPS = 100  # of Newton's method; a handful is usual


class Label(NamedTuple):
    """One answer: does this picture show it? ``margin`` is what the model said, in log-odds."""

    model: str
    slot: str
    margin: float
    shown: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve from margins to probabilities that never falls, and the labels behind it.

    It goes through the points (``margins[i]``, ``probabilities[i]``), straight between two of an
    isotonic curve and flat beyond its ends. A Platt curve is 1 / (1 + exp(-(slope · margin +
    offset))) with ``margins`` = (slope, offset) and no ``probabilities``; the slope is at least 0.
    """

    kind: Literal["platt", "isotonic"]
    margins: tuple[float, ...]
    probabilities: tuple[float, ...]
    labels: int

    def of(self, margins: npt.ArrayLike) -> Array:
        """The probability at each margin; same shape, within 0..1."""
        given = np.asarray(margins, dtype=np.float64)
        if self.kind == "isotonic":
            return np.asarray(np.interp(given, self.margins, self.probabilities))
        slope, offset = self.margins
        return _sigmoid(slope * given + offset)


@dataclass(frozen=True)
class Calibrations:
    """The curves by (model, slot). ``id`` is one of their content: equal curves, equal id."""

    curves: Mapping[tuple[str, str], Calibration]

    def curve(self, model: str, slot: str) -> Calibration | None:
        """The curve of the slot, else that of all slots of the model; None where neither is."""
        return self.curves.get((model, slot)) or self.curves.get((model, ANY))

    def percent(self, model: str, slot: str, margin: float) -> float | None:
        """How likely, 0..100, a picture of this margin shows it; None where nothing was fitted."""
        curve = self.curve(model, slot)
        return None if curve is None else 100 * float(curve.of(margin))

    @cached_property
    def id(self) -> str:
        """16 hex digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Data only; ``from_json`` gives the same curves."""
        curves = [
            {
                "model": model,
                "slot": slot,
                "kind": curve.kind,
                "margins": curve.margins,
                "probabilities": curve.probabilities,
                "labels": curve.labels,
            }
            for (model, slot), curve in sorted(self.curves.items())
        ]
        return json.dumps({"version": VERSION, "curves": curves}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Calibrations:
        """Inverse of ``to_json``; InvalidInput for anything that it cannot have written."""
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                raise InvalidInput(
                    f"These calibrations have version {data['version']}; this studio reads version "
                    f"{VERSION}. Fit them again from the labels."
                )
            return cls({(c["model"], c["slot"]): _curve(c) for c in data["curves"]})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InvalidInput(
                f"These calibrations are damaged ({error}); fit them again from the labels."
            ) from error


def fit_calibrations(labels: Iterable[Label]) -> Calibrations:
    """A curve for each model and slot that has labels enough, and one for each model's all slots.

    The order of the labels does not matter.
    """
    groups: dict[tuple[str, str], list[Label]] = defaultdict(list)
    for label in labels:
        for slot in {label.slot, ANY}:
            groups[label.model, slot].append(label)
    fitted = {key: fit([(x.margin, x.shown) for x in group]) for key, group in groups.items()}
    return Calibrations({key: curve for key, curve in fitted.items() if curve})


def fit(labels: Sequence[tuple[float, bool]]) -> Calibration | None:
    """The curve of pairs (margin, shown).

    None below ``FEWEST`` labels, or where fewer than ``FEWEST_OF_A_KIND`` are shown or are not.
    """
    pairs = sorted((float(margin), bool(shown)) for margin, shown in labels)
    if not all(math.isfinite(margin) for margin, _ in pairs):
        raise InvalidInput("A label's margin is no finite number.")
    shown = sum(yes for _, yes in pairs)
    if len(pairs) < FEWEST or min(shown, len(pairs) - shown) < FEWEST_OF_A_KIND:
        return None
    x, y = np.array(pairs, dtype=np.float64).T
    return _isotonic(x, y) if len(pairs) >= ISOTONIC_FROM else _platt(x, y)


def ece(probabilities: npt.ArrayLike, shown: npt.ArrayLike, *, bins: int = 10) -> float:
    """Expected calibration error, 0..1: how far probabilities are from what was then shown.

    The pictures are cut by probability into ``bins`` bins of equally many ("equal mass"; equal
    probabilities stay in one bin, so the order given does not matter), and the distances between
    mean probability and share shown are averaged, weighted by pictures (Naeini et al. 2015;
    equal mass after Nguyen and O'Connor 2015). 0 for no pictures.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(shown, dtype=np.float64)
    if p.shape != y.shape or p.ndim != 1:
        raise InvalidInput("Calibration error needs one answer for each probability.")
    if not len(p):
        return 0.0
    ordered = np.sort(p)
    middle = (np.searchsorted(ordered, p, "left") + np.searchsorted(ordered, p, "right")) / 2
    bin_of = np.minimum((middle * bins / len(p)).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=p - y, minlength=bins)
    return float(np.abs(gaps).sum() / len(p))


def _platt(x: Array, y: Array) -> Calibration:
    """Platt's curve by Newton's method, its slope pulled to 0 a little and never below."""
    spread = float(x.std()) or 1.0
    z = (x - x.mean()) / spread
    shown = float(y.sum())
    target = np.where(y > 0, (shown + 1) / (shown + 2), 1 / (len(y) - shown + 2))
    slope, offset = _logistic(z, target)
    if slope < 0:  # the model is worse than none here: one rate for all
        slope, offset = 0.0, math.log(shown + 1) - math.log(len(y) - shown + 1)
    return Calibration(
        "platt", (slope / spread, offset - slope * float(x.mean()) / spread), (), len(x)
    )


def _logistic(z: Array, target: Array) -> tuple[float, float]:
    """Slope and offset of least regularised cross-entropy, which is convex in both."""
    design = np.stack([z, np.ones_like(z)])
    pull = np.array([PULL, 0.0])
    weights = np.zeros(2)

    def loss(at: Array) -> float:
        logits = at @ design
        return float((np.logaddexp(0, logits) - target * logits).sum() + pull @ at**2 / 2)

    for _ in range(_STEPS):
        p = _sigmoid(weights @ design)
        gradient = design @ (p - target) + pull * weights
        curvature = (design * (p * (1 - p))) @ design.T + np.diag(pull + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while loss(weights - size * step) > loss(weights) and size > 1e-6:
            size /= 2
        weights = weights - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _isotonic(x: Array, y: Array) -> Calibration:
    """Pool adjacent violators; each block is flat, straight lines join one's end and the next.

    A line from middle to middle would promise too little or too much all over two wide blocks,
    as a model leaves them that is nearly always right. No block is called certain: the
    probabilities keep as far from 0 and 1 as one more label of the other kind would bring them.
    """
    margins, first, sizes = np.unique(x, return_index=True, return_counts=True)
    sums = np.add.reduceat(y, first)
    blocks: list[tuple[float, float, float, float]] = []  # labels, shown, first and last margin
    for size, total, margin in zip(sizes, sums, margins, strict=True):
        labels, shown, start = float(size), float(total), float(margin)
        while blocks and blocks[-1][1] * labels >= shown * blocks[-1][0]:
            before = blocks.pop()
            labels, shown, start = labels + before[0], shown + before[1], before[2]
        blocks.append((labels, shown, start, float(margin)))
    least = 1 / (len(x) + 2)
    points = [
        (margin, min(max(shown / labels, least), 1 - least))
        for labels, shown, start, end in blocks
        for margin in sorted({start, end})
    ]
    ends, probabilities = zip(*points, strict=True)
    return Calibration("isotonic", ends, probabilities, len(x))


def _curve(data: Mapping[str, Any]) -> Calibration:
    margins = tuple(float(value) for value in data["margins"])
    probabilities = tuple(float(value) for value in data["probabilities"])
    curve = Calibration(data["kind"], margins, probabilities, int(data["labels"]))
    if not all(map(math.isfinite, (*margins, *probabilities))):
        raise ValueError("a number is not finite")
    if curve.kind == "platt":
        if len(margins) != 2 or probabilities or margins[0] < 0:
            raise ValueError("no curve of Platt's")
    elif curve.kind != "isotonic" or not margins or len(margins) != len(probabilities):
        raise ValueError("no curve")
    elif any(a > b for line in (margins, probabilities) for a, b in pairwise(line)):
        raise ValueError("a curve that falls")
    elif not 0 <= probabilities[0] <= probabilities[-1] <= 1:
        raise ValueError("a probability outside of 0 to 1")
    return curve


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -x)))
