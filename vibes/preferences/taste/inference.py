"""What one grid teaches: a Laplace step for the choice of images against "none of these".

An image is picked where its utility beats that of "none of these", which has a mean that is learned
and differs from grid to grid: P(pick i) = sigmoid(u_i - outside). How many images are picked is a
habit and tells little about them; that none was, or all, tells something: the spread differs.
Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), algorithm 3.1: the work
depends on the number of images, not on that of features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .belief import Gaussian
from .design import Design
from .evidence import Floats
from .model import BAR_SD, GRID_SD, WHOLE_SD

_STEPS = 50  # of Newton's method; it takes 3 to 8
_ENOUGH = 1e-2  # logits: a smaller Newton step is the last one, its error the square of that
_SHORTEST = 1e-3  # part of a Newton step still worth taking
_STEEPEST = 700.0  # exp of more is no number
_LEAST = 1e-9  # of a variance, what is left however strong the evidence


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one outcome adds to each feature: evidence, images, and picked ones among them."""

    eta: Floats
    lam: Floats
    total: Floats
    selected: Floats


def learned(design: Design, before: Gaussian, weight: float) -> Lesson:
    """What an outcome teaches about features believed to be ``before``."""
    matrix, bundle, part = design.matrix(), design.bundle, design.weight
    width = matrix.shape[1]
    squared = part * part
    mean = matrix @ np.bincount(bundle, part * before.mean, width)
    variance = np.bincount(bundle, squared * before.variance, width)
    whole = not 0 < design.picked.sum() < len(mean)
    between = WHOLE_SD if whole else GRID_SD
    kernel = (matrix * variance) @ matrix.T + between**2
    pull, curvature = _mode(mean, kernel, design.picked, weight)
    shift = part * (matrix.T @ pull)[bundle]
    shrink = squared * (matrix * (curvature @ matrix)).sum(axis=0)[bundle]
    eta, lam = _as_evidence(before, shift, shrink)
    if not whole:  # how high the bar was, and so how high it usually is
        bar = before.mean[-1] - (before.variance[-1] + between**2) * pull.sum()
        lam[-1] = weight / BAR_SD**2
        eta[-1] = bar * lam[-1]
    present = matrix != 0
    return Lesson(
        eta=eta,
        lam=lam,
        total=present.sum(axis=0)[bundle],
        selected=(design.picked @ present)[bundle],
    )


def _mode(mean: Floats, kernel: Floats, picked: Floats, weight: float) -> tuple[Floats, Floats]:
    """Derivative of the log likelihood at the mode, and (kernel + curvature^-1)^-1 there."""
    signs = 2 * picked - 1
    identity = np.eye(len(mean))
    pull, shift = np.zeros_like(mean), np.zeros_like(mean)  # shift is kernel @ pull
    height = _height(mean, shift, pull, signs, weight)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(np.minimum(-mean - shift, _STEEPEST)))
        sharpness = weight * chance * (1 - chance)
        root = np.sqrt(sharpness)
        inverse = np.linalg.inv(identity + root[:, None] * kernel * root)
        curvature = root[:, None] * inverse * root
        wanted = sharpness * shift + weight * (picked - chance)
        step = wanted - curvature @ (kernel @ wanted) - pull
        move = kernel @ step
        share, height = _safe_share(mean, (shift, move), (pull, step), signs, weight, height)
        pull, shift = pull + share * step, shift + share * move
        if np.abs(move).max() < _ENOUGH:
            break
    return pull, curvature


def _safe_share(
    mean: Floats,
    shift: tuple[Floats, Floats],
    pull: tuple[Floats, Floats],
    signs: Floats,
    weight: float,
    height: float,
) -> tuple[float, float]:
    """How much of a Newton step leads upwards, and how high: whole steps can overshoot."""
    share = 1.0
    while True:
        now = _height(mean, shift[0] + share * shift[1], pull[0] + share * pull[1], signs, weight)
        if now >= height or share < _SHORTEST:
            return share, now
        share /= 2


def _height(mean: Floats, shift: Floats, pull: Floats, signs: Floats, weight: float) -> float:
    """Log posterior up to a constant."""
    misfit = np.logaddexp(0, -signs * (mean + shift)).sum()
    return float(-weight * misfit - 0.5 * pull @ shift)


def _as_evidence(before: Gaussian, shift: Floats, shrink: Floats) -> tuple[Floats, Floats]:
    """From moments to natural parameters; rounding must not make a variance vanish."""
    left = np.clip(1 - before.variance * shrink, _LEAST, 1.0)
    precision = 1 / before.variance
    gained = precision * (1 / left - 1)
    mean = before.mean + before.variance * shift
    return mean * (precision + gained) - before.mean * precision, gained
