"""Which items were picked most surely, without looking at all of them.

A million pairings share a few thousand pairs of small numbers, and the numbers alone decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest

from .rates import interval

Item = tuple[str, ...]
Numbers = tuple[int, int]  # images picked, images shown


class Standings:
    """Items by their numbers; to be told before and after an item's numbers change."""

    def __init__(self, items: Iterable[tuple[Item, Numbers]]):
        self._items: dict[Numbers, set[Item]] = {}
        for item, numbers in items:
            self.enter(item, numbers)

    def enter(self, item: Item, numbers: Numbers) -> None:
        """The item has these numbers now."""
        found = self._items.get(numbers)
        if found is None:
            self._items[numbers] = {item}
        else:
            found.add(item)

    def leave(self, item: Item, numbers: Numbers) -> None:
        """The item has these numbers no longer."""
        self._items[numbers].discard(item)
        if not self._items[numbers]:
            del self._items[numbers]

    def best(self, limit: int) -> list[Item]:
        """The best, by the lower end of the interval, then by images shown, then by name."""
        found: list[Item] = []
        for numbers in sorted(self._items, key=rank):
            if len(found) >= limit:
                break
            found += nsmallest(limit - len(found), self._items[numbers])
        return found


def rank(numbers: Numbers) -> tuple[float, int]:
    """What items are sorted by, the best first; two pairs of numbers never share a rank."""
    selected, total = numbers
    return -interval(selected, total)[0], -total
