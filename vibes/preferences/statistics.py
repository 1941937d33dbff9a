"""Statistics: what was picked of what was shown, folded from the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vibes.errors import Conflict, InvalidInput

from .events import (
    Event,
    GridRejected,
    GridSubmitted,
    ImageActed,
    ParametersChanged,
    SuggestionChanged,
)
from .outcomes import outcome_of, without_superseded
from .policy import GridOutcome
from .standings import rank
from .tally import TYPES, Count, Parts, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class StatRow:
    """One affinity; ``key`` joins ``parts`` with colons, ``interval`` is the rate's at 95 %."""

    type: str
    key: str
    parts: Parts
    selected: int
    total: int
    grids: int
    selection_rate: float
    confidence: float
    interval: tuple[float, float]


class Statistics:
    """A projection of events; the last outcome of every grid counts, once, like a rated image."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._actions: Counter[str] = Counter()
        self._batches: set[str] = set()
        self._rated: set[str] = set()  # ids of images

    @classmethod
    def fold(cls, events: Iterable[Event]) -> Statistics:
        """The statistics of all events, given in the order in which they were appended."""
        statistics = cls()
        for event in without_superseded(events):
            statistics.add(event)
        return statistics

    def add(self, event: Event, outcome: GridOutcome | None = None) -> None:
        """Count one more event; Conflict where it ``supersedes`` a counted one.

        ``outcome`` is what became of a grid, from who has it at hand.
        """
        if isinstance(event, GridSubmitted | GridRejected):
            if self.supersedes(event):
                raise Conflict(f"Grid '{event.batch}' is counted already; fold the events again.")
            self._batches.add(event.batch)
            self._tally.add(outcome or outcome_of(event))
        elif isinstance(event, ImageActed):
            self._actions[event.action] += 1
        elif isinstance(event, SuggestionChanged):
            self._actions["changed"] += 1
        elif isinstance(event, ParametersChanged):
            self._actions["adjusted"] += 1
        elif event.image not in self._rated:
            self._rated.add(event.image)
            self._actions["rated"] += 1

    def copy(self) -> Statistics:
        """The same counts, which go their own way from here on."""
        twin = Statistics()
        twin._tally = self._tally.copy()
        twin._actions = self._actions.copy()
        twin._batches, twin._rated = set(self._batches), set(self._rated)
        return twin

    @property
    def overall(self) -> Count:
        """All images of submitted grids."""
        return self._tally.overall

    def count(self, kind: str, *parts: str) -> Count:
        """The count of one item or pairing, all zero where it was never shown."""
        return self._tally.count(kind, *parts)

    def counts(self, kind: str) -> Iterable[tuple[Parts, Count]]:
        """All counts of one type, in no particular order."""
        return self._tally.counts(kind)

    def supersedes(self, event: Event) -> bool:
        """Whether the event replaces an outcome counted here, so that only a new fold helps."""
        return isinstance(event, GridSubmitted | GridRejected) and event.batch in self._batches

    def rows(self, kind: str, limit: int | None = None) -> list[StatRow]:
        """The best or all rows of one type, best first: by the lower end of the interval."""
        if kind not in TYPES:
            raise InvalidInput(f"'{kind}' is no type of statistics; use one of {', '.join(TYPES)}.")
        if limit is None:
            best = sorted(self._tally.counts(kind), key=_rank)
        else:
            best = self._tally.best(kind, limit)
        return [_row(kind, parts, count) for parts, count in best]

    def strongest(self, kind: str, keywords: Sequence[str], *parts: str) -> StatRow | None:
        """The row of the keyword with most images behind it; None where nothing was shown."""
        counts = [((word, *parts), self._tally.count(kind, word, *parts)) for word in keywords]
        found, count = max(counts, key=lambda item: item[1].total, default=(parts, Count()))
        return _row(kind, found, count) if count.total else None

    def totals(self) -> dict[str, Any]:
        """``total_preferences`` (one per image of a submitted grid), grids, and actions by name."""
        overall = self._tally.overall
        outcomes = {"selected": overall.selected, "rejected": overall.total - overall.selected}
        return {
            "total_preferences": overall.total,
            "total_grids": overall.grids,
            "action_counts": {**outcomes, **self._actions},
        }


def _rank(item: tuple[Parts, Count]) -> tuple[float, int, Parts]:
    parts, count = item
    return (*rank((count.selected, count.total)), parts)


def _row(kind: str, parts: Parts, count: Count) -> StatRow:
    return StatRow(
        type=kind,
        key=":".join(parts),
        parts=parts,
        selected=count.selected,
        total=count.total,
        grids=count.grids,
        selection_rate=count.rate,
        confidence=count.confidence,
        interval=count.interval,
    )
