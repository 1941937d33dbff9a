"""Which images wait for a score, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice

MOST_ENDS = 3
"""Processes that may end over a picture before it is held to be the cause."""


class ScoringLine:
    """Pictures just made before those that were asked for later; each waits once."""

    def __init__(self) -> None:
        self._new: dict[str, None] = {}
        self._later: dict[str, None] = {}
        self._ends: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._new) + len(self._later)

    def add(self, image_id: str) -> None:
        """A picture was just made."""
        self._later.pop(image_id, None)
        self._new[image_id] = None

    def add_later(self, image_ids: Iterable[str]) -> None:
        """These may wait until nothing new does."""
        self._later.update((image, None) for image in image_ids if image not in self._new)

    def next(self, count: int) -> list[str]:
        """The next ones, at most ``count``; one that a process ended over comes alone.

        They stay in the line until they are taken out of it.
        """
        found = list(islice(chain(self._new, self._later), count))
        suspects = [image for image in found if self._ends[image]]
        return suspects[:1] or found

    def take_out(self, image_id: str) -> None:
        """It has its score, or will get none."""
        for kept in (self._new, self._later, self._ends):
            kept.pop(image_id, None)

    def ended(self, image_ids: Iterable[str]) -> list[str]:
        """The process ended while it had these; gives those that have to be the cause."""
        self._ends.update(image_ids)
        return [image for image in image_ids if self._ends[image] >= MOST_ENDS]

    def clear(self) -> None:
        """Nothing waits any more."""
        for kept in (self._new, self._later, self._ends):
            kept.clear()
