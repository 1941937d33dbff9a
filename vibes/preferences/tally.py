"""Counts of shown and picked images for every checkpoint, LoRA, keyword and pairing of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vibes.errors import InvalidInput
from vibes.recipes import Candidate

from .policy import GridOutcome
from .rates import confidence, interval
from .standings import Standings

Parts = tuple[str, ...]  # what is counted: names in the order of the type's own name
TYPES = (
    "keyword_checkpoint",
    "keyword_lora",
    "checkpoint_lora",
    "keyword_checkpoint_lora",
    "checkpoint",
    "lora",
)


_PAIR = "checkpoint_lora"


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
        self._standings: dict[str, Standings] = {}  # of types that were asked for

    def count(self, kind: str, *parts: str) -> Count:
        """The count of one item or pairing, all zero where it was never shown."""
        return self._counts[kind].get(parts) or Count()

    def counts(self, kind: str) -> Iterable[tuple[Parts, Count]]:
        """All counts of one type."""
        return self._counts[kind].items()

    def add(self, outcome: GridOutcome) -> None:
        """Count one grid."""
        for kind, items in _shown(outcome).items():
            self._add(kind, (), items)
            for keyword in dict.fromkeys(outcome.keywords):
                self._add(f"keyword_{kind}", (keyword,), items)
        self.overall.selected += len(outcome.picked)
        self.overall.total += len(outcome.candidates)
        self.overall.grids += 1

    def best(self, kind: str, limit: int) -> list[tuple[Parts, Count]]:
        """The best counts of one type, best first, as in Standings; at once but the first time."""
        counts = self._counts[kind]
        if kind not in self._standings:
            numbers = ((parts, (count.selected, count.total)) for parts, count in counts.items())
            self._standings[kind] = Standings(numbers)
        return [(parts, counts[parts]) for parts in self._standings[kind].best(limit)]

    def _add(self, kind: str, head: Parts, items: Mapping[Parts, tuple[int, int]]) -> None:
        counts = self._counts[kind]
        standings = self._standings.get(kind)
        if standings is None:
            _add_to(counts, head, items)
            return
        keys = [head + parts for parts in items]
        for key in keys:
            if key in counts:
                standings.leave(key, (counts[key].selected, counts[key].total))
        _add_to(counts, head, items)
        for key in keys:
            standings.enter(key, (counts[key].selected, counts[key].total))

    def copy(self) -> Tally:
        """The same counts, which go their own way from here on."""
        twin = Tally()
        twin.overall = replace(self.overall)
        for kind, counts in self._counts.items():
            twin._counts[kind] = {
                parts: Count(count.selected, count.total, count.grids)
                for parts, count in counts.items()
            }
        return twin

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


def _add_to(
    counts: dict[Parts, Count], head: Parts, items: Mapping[Parts, tuple[int, int]]
) -> None:
    """Add one grid's (selected, total) of items; a long history is mostly this."""
    for parts, (selected, total) in items.items():
        try:
            count = counts[head + parts]
        except KeyError:
            counts[head + parts] = Count(selected, total, 1)
        else:
            count.selected += selected
            count.total += total
            count.grids += 1


def _shown(outcome: GridOutcome) -> dict[str, dict[Parts, tuple[int, int]]]:
    """Type without keywords -> parts -> (selected, total) in this grid."""
    shown: dict[str, dict[Parts, tuple[int, int]]] = {"checkpoint": {}, "lora": {}, _PAIR: {}}
    for position, candidate in enumerate(outcome.candidates):
        picked = position in outcome.picked
        for kind, parts in _items(candidate):
            selected, total = shown[kind].get(parts, (0, 0))
            shown[kind][parts] = selected + picked, total + 1
    return shown


def _items(candidate: Candidate) -> Iterator[tuple[str, Parts]]:
    yield "checkpoint", (candidate.checkpoint,)
    for lora in candidate.loras:
        yield "lora", (lora.name,)
        yield _PAIR, (candidate.checkpoint, lora.name)
