"""Ranks: numbers that put things in an order of one's own, lower first (pure)."""

from __future__ import annotations

from collections.abc import Mapping

CLOSEST = 1e-6
"""Neighbours nearer to each other than this are numbered anew."""


def moved(ranks: Mapping[str, float], item: str, before: str | None) -> dict[str, float]:
    """The ranks that change when ``item`` goes right before another, or last (None).

    ``ranks`` holds every rank in the present order, ``item`` and ``before`` among them.
    """
    others = [name for name in ranks if name != item]
    if before == item:
        return {}
    place = len(others) if before is None else others.index(before)
    low = ranks[others[place - 1]] if place > 0 else None
    high = ranks[others[place]] if place < len(others) else None
    if low is None and high is None:
        return {}
    if low is None or high is None:
        return {item: low + 1 if low is not None else (high or 0) - 1}
    if high - low < CLOSEST:
        order = [*others[:place], item, *others[place:]]
        return {name: float(number) for number, name in enumerate(order, start=1)}
    return {item: (low + high) / 2}
