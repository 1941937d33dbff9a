"""What the last grids changed: pairings whose pick rate moved most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from vibes.preferences import GridEvent, outcome_of
from vibes.preferences.chronicle import Chronicle
from vibes.preferences.tally import Count, Parts, Tally
from vibes.preferences.terms import plural

from .phrases import count_view, percent, picks, reading_view, subject
from .readings import Readings, mixed
from .views import View

MOST = 8
KINDS = ("checkpoint", "lora", "keyword_checkpoint", "keyword_lora")
ENOUGH = 2  # images a pairing had in the last grids


@dataclass(frozen=True, slots=True)
class _Change:
    kind: str
    parts: Parts
    before: Count
    lately: Count
    shift: float  # in logits


def recent_changes(known: Readings, chronicle: Chronicle) -> View:
    """The last grids, oldest first, and what moved most between before them and now."""
    last = chronicle.last
    found = sorted(_changes(known, last), key=_most_first)
    kept = _varied([change for change in found if change.shift], last)
    return {
        "grids": [_grid(event) for event in last],
        "changes": [_view(known, change, last) for change in kept],
    }


def _most_first(change: _Change) -> tuple[float, int, Parts]:
    return -abs(change.shift), len(change.parts), change.parts


def _varied(found: Iterable[_Change], last: Sequence[GridEvent]) -> list[_Change]:
    """The first few, with one word of several that came in the same grids with the same model."""
    kept: dict[tuple[str, ...], _Change] = {}
    for change in found:
        grids = [event.batch for event in last if _shows(event, change)]
        kept.setdefault((change.parts[-1], *grids), change)
        if len(kept) == MOST:
            break
    return list(kept.values())


def _changes(known: Readings, last: Sequence[GridEvent]) -> list[_Change]:
    lately = Tally()
    for event in last:
        lately.add(outcome_of(event))
    usual = known.usual
    counted = chain.from_iterable(
        ((kind, parts, count) for parts, count in lately.counts(kind)) for kind in KINDS
    )
    return [
        _change(kind, parts, known.statistics.count(kind, *parts), count, usual)
        for kind, parts, count in counted
        if count.total >= ENOUGH
    ]


def _change(kind: str, parts: Parts, now: Count, lately: Count, usual: float) -> _Change:
    before = Count(
        max(now.selected - lately.selected, 0),
        max(now.total - lately.total, 0),
        max(now.grids - lately.grids, 0),
    )
    return _Change(kind, parts, before, lately, mixed(now, usual)[0] - mixed(before, usual)[0])


def _view(known: Readings, change: _Change, last: Sequence[GridEvent]) -> View:
    (reading,) = known.of(change.kind, [change.parts])
    times = [event.time for event in last if _shows(event, change)]
    return {
        "kind": change.kind,
        "now": reading_view(reading),
        "before": count_view(change.before),
        "lately": count_view(change.lately),
        "shift": change.shift,
        "first": times[0],
        "last": times[-1],
        "sentence": _said(change),
    }


def _shows(event: GridEvent, change: _Change) -> bool:
    *words, model = change.parts
    return set(words) <= set(event.keywords) and any(
        model in (image.candidate.checkpoint, *(use.name for use in image.candidate.loras))
        for image in event.images
    )


def _said(change: _Change) -> str:
    what = subject(change.kind, change.parts)
    lately = f"{picks(change.lately)} picked in {plural(change.lately.grids, 'grid')}"
    if not change.before.total:
        return f"{what} is new: {lately}."
    rose = "rose" if change.shift > 0 else "fell"
    before = f"{picks(change.before)} ({percent(change.before.rate)}) before"
    return f"{what} {rose}: {lately}, {before}."


def _grid(event: GridEvent) -> View:
    return {
        "batch_id": event.batch,
        "time": event.time,
        "prompt": event.prompt,
        "shown": len(event.images),
        "picked": sum(image.picked for image in event.images),
    }
