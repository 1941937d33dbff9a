"""Selection rates: how often what was shown got picked, and how sure that is."""

from __future__ import annotations

import math
from functools import lru_cache

SURE_AFTER = 20  # images; from here on evidence outweighs the prior entirely
Z95 = 1.959964  # two-sided 95 % of the normal distribution


def confidence(total: int) -> float:
    """How much ``total`` shown images outweigh the prior, 0 to 1."""
    return min(total / SURE_AFTER, 1.0)


@lru_cache(maxsize=1 << 16)  # most of a million rows share a few small counts
def interval(selected: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of the rate; (0, 1) where nothing was shown."""
    if not total:
        return (0.0, 1.0)
    rate = selected / total
    spread = Z95 * math.sqrt(rate * (1 - rate) / total + (Z95 / (2 * total)) ** 2)
    centre = rate + Z95**2 / (2 * total)
    scale = 1 + Z95**2 / total
    return (max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))
