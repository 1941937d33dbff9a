"""What learning is worth, and what another way of choosing would have got, from grids as logged.

Images of a grid compete for the same picks, so the grid is the unit that is independent: variances
are those of sums over grids (Liang & Zeger 1986, "Longitudinal data analysis using generalized
linear models"), intervals have G - 1 degrees of freedom for G grids. Only first grids count: in
later ones the images are those the user kept. What the user decided himself is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vibes.errors import InvalidInput

from .events import GridEvent, ShownImage
from .outcomes import latest_outcomes
from .rates import Z95
from .trials import Trial, trial

Floats = npt.NDArray[np.float64]

_AT_LEAST = 2  # grids; from one there is nothing to tell a variance by


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Picks per shown image with its 95 % interval, and what is behind it.

    ``effective`` is how many independent images would have told as much; never more than shown.
    """

    rate: float
    interval: tuple[float, float]
    picked: int
    shown: int
    grids: int
    effective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The images the policy chose beside those it drew uniformly, in the same grids.

    ``ratio`` and ``difference`` are of the chosen to the probes; each with its 95 % interval. A
    ratio's upper end is infinite where no probe was picked, and ``ratio`` itself None.
    """

    chosen: Rate
    probes: Rate
    ratio: float | None
    ratio_interval: tuple[float, float]
    difference: float
    difference_interval: tuple[float, float]
    grids: int


def comparison(grids: Iterable[GridEvent]) -> Comparison | None:
    """How often chosen images and probes were picked, grids as ``compared`` counts them."""
    return compared([found for event in latest_outcomes(grids) if (found := trial(event))])


def compared(trials: Iterable[Trial]) -> Comparison | None:
    """How often chosen images and probes were picked in the same grids; each trial is one grid.

    None for fewer than two. The difference's variance is that of the linearised statistic over
    grids; the ratio's interval is made on the logarithm, with half an image added to every count
    (Walter 1975). Neither is narrower than for independent images.
    """
    table = np.array([_row(one) for one in trials], dtype=float).reshape(-1, 4)
    if len(table) < _AT_LEAST:
        return None
    chosen = _rate(table[:, 0], table[:, 1])
    probes = _rate(table[:, 2], table[:, 3])
    low, high = _ratio_interval(table)
    return Comparison(
        chosen=chosen,
        probes=probes,
        ratio=chosen.rate / probes.rate if probes.picked else None,
        ratio_interval=(low, high if probes.picked else math.inf),
        difference=chosen.rate - probes.rate,
        difference_interval=_difference_interval(table),
        grids=len(table),
    )


def checkpoint_value(grids: Iterable[GridEvent], target: Mapping[str, float]) -> Rate | None:
    """The pick rate of images whose checkpoints are chosen with the probabilities of ``target``.

    One name stands for always that checkpoint, equal probabilities for choosing uniformly; the
    LoRAs stay as they were chosen. The estimate is self-normalised inverse propensity weighting
    (Hesterberg 1995; Swaminathan & Joachims 2015): sum(w y) / sum(w) with w = target / logged
    marginal propensity and y = picked. The interval is Wilson's with the effective number of images
    (Korn & Graubard 1998, "Confidence intervals for proportions with small expected number of
    positive counts"). InvalidInput for a target that is no probabilities;
    None where fewer than two grids have an image that counts.
    """
    if not all(0 <= share <= 1 for share in target.values()):
        raise InvalidInput(f"A target is probabilities by checkpoint; got {dict(target)}.")
    rows = [_weighed(event, target) for event in latest_outcomes(grids) if event.stage == 0]
    kept = [row for row in rows if row is not None]
    if len(kept) < _AT_LEAST:
        return None
    weighted, weights, picked, shown = np.array(kept, dtype=float).T
    return _rate(weighted, weights, picked=int(picked.sum()), shown=int(shown.sum()))


def _row(trial: Trial) -> tuple[int, int, int, int]:
    return trial.chosen_picked, trial.chosen, trial.probes_picked, trial.probes


def _weighed(event: GridEvent, target: Mapping[str, float]) -> tuple[float, float, int, int] | None:
    """Sums over a grid of w y, w, picked and shown; None where no image counts."""
    found = [
        (weight, image.picked) for image in event.images if (weight := _weight(image, target)) > 0
    ]
    if not found:
        return None
    weights, picked = zip(*found, strict=True)
    return float(np.dot(weights, picked)), sum(weights), sum(picked), len(picked)


def _weight(image: ShownImage, target: Mapping[str, float]) -> float:
    propensity = image.checkpoint_propensity
    if not propensity or "checkpoint" in image.decided:
        return 0.0
    return target.get(image.candidate.checkpoint, 0.0) / propensity


def _rate(
    weighted: Floats, weights: Floats, *, picked: int | None = None, shown: int | None = None
) -> Rate:
    """The ratio of two sums over grids [G], as a share of images."""
    shown = int(weights.sum()) if shown is None else shown
    rate = float(weighted.sum() / weights.sum())
    variance = _variance((weighted - rate * weights) / weights.sum())
    like_one_per_grid = float(weights.sum() ** 2 / (weights**2).sum())
    effective = rate * (1 - rate) / variance if variance > 0 else like_one_per_grid
    effective = min(effective, shown)
    counting = effective * (Z95 / _quantile(like_one_per_grid - 1)) ** 2
    return Rate(
        rate=rate,
        interval=_wilson(rate, counting),
        picked=int(weighted.sum()) if picked is None else picked,
        shown=shown,
        grids=len(weights),
        effective=effective,
    )


def _variance(parts: Floats) -> float:
    """Of a sum of independent parts [G] whose sum is zero by construction."""
    return float(len(parts) / (len(parts) - 1) * (parts**2).sum())


def _wilson(rate: float, images: float) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) for a share of so many images, not always a whole number."""
    centre = rate + Z95**2 / (2 * images)
    spread = Z95 * math.sqrt(rate * (1 - rate) / images + (Z95 / (2 * images)) ** 2)
    scale = 1 + Z95**2 / images
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _quantile(freedom: float) -> float:
    """97.5 % of Student's t, to 1 % from two degrees on (Abramowitz & Stegun 26.7.5)."""
    z, v = Z95, max(freedom, 1.0)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def _difference_interval(table: Floats) -> tuple[float, float]:
    """Of the two pick rates; ``table`` has one ``_row`` per grid."""
    picked, shown, probes_picked, probes = table.sum(0)
    one, other = picked / shown, probes_picked / probes
    parts = (table[:, 0] - one * table[:, 1]) / shown
    parts -= (table[:, 2] - other * table[:, 3]) / probes
    # Without picks there is no variance to see: two images are added (Agresti & Caffo 2000).
    least = _independent(picked, shown) + _independent(probes_picked, probes)
    spread = _quantile(len(table) - 1) * math.sqrt(max(_variance(parts), least))
    return max(-1.0, one - other - spread), min(1.0, one - other + spread)


def _independent(picked: float, shown: float) -> float:
    share = (picked + 1) / (shown + 2)
    return share * (1 - share) / (shown + 2)


def _ratio_interval(table: Floats) -> tuple[float, float]:
    picked, shown, probes_picked, probes = table.sum(0)
    # Half an image picked and half one passed over: neither none nor all of them is a certainty.
    centre = math.log((picked + 0.5) / (shown + 1))
    centre -= math.log((probes_picked + 0.5) / (probes + 1))
    variance = 1 / (picked + 0.5) - 1 / (shown + 1)
    variance += 1 / (probes_picked + 0.5) - 1 / (probes + 1)
    if picked and probes_picked:
        parts = table[:, 0] / picked - table[:, 1] / shown
        parts -= table[:, 2] / probes_picked - table[:, 3] / probes
        variance = max(variance, _variance(parts))
    spread = _quantile(len(table) - 1) * math.sqrt(variance)
    return math.exp(centre - spread), math.exp(centre + spread)
