"""Dividing a grid's images by largest remainder."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vibes.errors import InvalidInput


def apportion(weights: Sequence[float], seats: int, *, floor: int = 0) -> list[int]:
    """Whole shares of ``seats`` in proportion to ``weights``, nobody below ``floor``.

    The shares sum to ``seats`` and a larger weight never gets less; equal weights are served in
    the order given. All weights zero means all equal. Where the floor cannot be afforded for
    everybody it is lowered until it can.
    """
    if not weights or seats < 0 or floor < 0:
        raise InvalidInput("Apportioning needs weights, and neither seats nor floor below 0.")
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise InvalidInput(f"Weights are finite and not below 0; got {list(weights)}.")
    floor = min(floor, seats // len(weights))
    by_weight = sorted(range(len(weights)), key=lambda i: -weights[i])
    ranked = [weights[i] for i in by_weight]
    lifted = _lifted(ranked, seats, floor)
    served = len(ranked) - lifted
    shares = _largest_remainder(ranked[:served], seats - floor * lifted) + [floor] * lifted
    result = [0] * len(weights)
    for i, share in zip(by_weight, shares, strict=True):
        result[i] = share
    return result


def _lifted(ranked: Sequence[float], seats: int, floor: int) -> int:
    """How many of the smallest weights only get the floor; ``ranked`` falls from left to right."""
    lifted = 0
    while lifted < len(ranked) - 1:
        served = ranked[: len(ranked) - lifted]
        if min(_largest_remainder(served, seats - floor * lifted)) >= floor:
            break
        lifted += 1
    return lifted


def _largest_remainder(ranked: Sequence[float], seats: int) -> list[int]:
    quotas = [share * seats for share in _proportions(ranked)]
    shares = [math.floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(ranked)), key=lambda i: (shares[i] - quotas[i], i))
    for i in by_remainder[: seats - sum(shares)]:
        shares[i] += 1
    return shares


def _proportions(weights: Sequence[float]) -> list[float]:
    largest = max(weights)
    if largest == 0:
        return [1 / len(weights)] * len(weights)
    scaled = [weight / largest for weight in weights]  # sums of huge weights overflow
    total = math.fsum(scaled)
    return [weight / total for weight in scaled]
