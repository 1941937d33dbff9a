"""Counts of shown and picked images for every checkpoint, LoRA, keyword and pairing of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from vibes.errors import InvalidInput
from vibes.recipes import Candidate

from .policy import GridOutcome
from .rates import confidence, interval

Parts = tuple[str, ...]  # what is counted: names in the order of the type's own name
TYPES = (
    "keyword_checkpoint",
    "keyword_lora",
    "checkpoint_lora",
    "keyword_checkpoint_lora",
    "checkpoint",
    "lora",
)


@dataclass(slots=True)
class Count:
    """Images shown with something, how many of them were picked, and in how many grids."""

    selected: int = 0
    total: int = 0
    grids: int = 0

    @property
    def rate(self) -> float:
        """Picked of shown, 0 to 1; 0 where nothing was shown."""
        return self.selected / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the rate."""
        return interval(self.selected, self.total)

    @property
    def confidence(self) -> float:
        """How much the count outweighs the prior, 0 to 1."""
        return confidence(self.total)


class Tally:
    """Counts by type and parts; the order of grids, and of images in a grid, leaves no trace."""

    def __init__(self) -> None:
        self.overall = Count()
        self._counts: dict[str, dict[Parts, Count]] = {kind: {} for kind in TYPES}

    def count(self, kind: str, *parts: str) -> Count:
        """The count of one item or pairing, all zero where it was never shown."""
        return self._counts[kind].get(parts) or Count()

    def counts(self, kind: str) -> Iterable[tuple[Parts, Count]]:
        """All counts of one type."""
        return self._counts[kind].items()

    def add(self, outcome: GridOutcome) -> None:
        """Count one grid."""
        keywords = dict.fromkeys(outcome.keywords)
        for (kind, parts), (selected, total) in _shown(outcome).items():
            self._bump(kind, parts, selected, total)
            for keyword in keywords:
                self._bump(f"keyword_{kind}", (keyword, *parts), selected, total)
        _raise(self.overall, len(outcome.picked), len(outcome.candidates))

    def _bump(self, kind: str, parts: Parts, selected: int, total: int) -> None:
        counts = self._counts[kind]
        count = counts.get(parts)
        if count is None:
            count = counts[parts] = Count()
        _raise(count, selected, total)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, in an order that depends on the content alone."""
        return {
            "overall": _numbers(self.overall),
            **{
                kind: [[*parts, *_numbers(counts[parts])] for parts in sorted(counts)]
                for kind, counts in self._counts.items()
            },
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """Inverse of ``to_dict``; InvalidInput where the data are no tally."""
        tally = cls()
        try:
            tally.overall = _count(*data["overall"])
            for kind, counts in tally._counts.items():
                for *parts, selected, total, grids in data[kind]:
                    counts[tuple(map(str, parts))] = _count(selected, total, grids)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                "The saved statistics are damaged; fold the events again."
            ) from error
        return tally


def _count(selected: int, total: int, grids: int) -> Count:
    if not 0 <= selected <= total or (not 0 < grids <= total and total):
        raise ValueError(f"{selected} of {total} in {grids} grids cannot be")
    return Count(int(selected), int(total), int(grids))


def _numbers(count: Count) -> list[int]:
    return [count.selected, count.total, count.grids]


def _raise(count: Count, selected: int, total: int) -> None:
    count.selected += selected
    count.total += total
    count.grids += 1


def _shown(outcome: GridOutcome) -> dict[tuple[str, Parts], list[int]]:
    """(type, parts) without keywords -> [selected, total] in this grid."""
    shown: dict[tuple[str, Parts], list[int]] = {}
    for position, candidate in enumerate(outcome.candidates):
        picked = position in outcome.picked
        for item in _items(candidate):
            numbers = shown.setdefault(item, [0, 0])
            numbers[0] += picked
            numbers[1] += 1
    return shown


def _items(candidate: Candidate) -> Iterator[tuple[str, Parts]]:
    yield "checkpoint", (candidate.checkpoint,)
    for lora in candidate.loras:
        yield "lora", (lora.name,)
        yield "checkpoint_lora", (candidate.checkpoint, lora.name)
