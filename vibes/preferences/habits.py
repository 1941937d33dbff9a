"""Habits: how a user changes suggested parameters, and so how later suggestions should be.

Of numbers, how many times larger or smaller they are made counts, so that what was learned at 30
steps helps at 50; of names, which one is settled on. A suggestion left as it was speaks against
any change.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from vibes.errors import InvalidInput

from .events import Event, ParameterName, ParametersChanged, Setting

LAST = 200
"""Grids that count, for each family and style."""
DECAY = 0.98
"""What a grid counts for each later one."""
DOUBT = 3
"""Grids as which the rules count beside the user's own."""
ENOUGH = 3
"""Grids a name needs to be called a habit."""
MAJORITY = 0.6
MOST_TIMES = 10.0
"""A number changed by more counts as changed by this: one slip is no habit."""
VERSION = 1

Key = tuple[str, str | None]  # family, style

_UNITS = {"width": " px", "height": " px"}
_NAMES = {"cfg": "CFG", "steps": "the steps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a user does to one suggested parameter.

    ``ratio`` is what a number is multiplied by, 1 for names; ``value`` is the name settled on,
    None for numbers. ``count`` grids are behind it, ``confidence`` is how much they outweigh the
    rules, 0..1. ``sentence`` says it to the user.
    """

    parameter: str
    ratio: float = 1.0
    value: str | None = None
    count: int
    confidence: float
    sentence: str


@dataclass(frozen=True, slots=True)
class _Change:
    """One grid's parameters: each as suggested and as chosen."""

    family: str
    style: str | None
    suggested: dict[ParameterName, Setting]
    chosen: dict[ParameterName, Setting]


_CHANGES = TypeAdapter(tuple[_Change, ...])


class Habits:
    """A projection of events, fed with each once in the order of appending."""

    def __init__(self) -> None:
        self._changes: dict[Key, deque[_Change]] = {}

    @classmethod
    def fold(cls, events: Iterable[Event]) -> Habits:
        """The habits all events tell of."""
        habits = cls()
        for event in events:
            habits.add(event)
        return habits

    def add(self, event: Event) -> None:
        """Take in one more event; only changed parameters count."""
        if isinstance(event, ParametersChanged):
            self._add(_Change(event.family, event.style, event.suggested, event.chosen))

    def of(self, family: str, style: str | None) -> Mapping[str, Habit]:
        """Habits by parameter, for prompts of this style with models of this family."""
        changes = self._changes.get((family, style), ())
        names = dict.fromkeys(name for change in changes for name in change.suggested)
        found = ((name, _habit(name, _told(name, changes))) for name in names)
        return {name: habit for name, habit in found if habit is not None}

    def dump(self) -> bytes:
        """Everything, as JSON; ``load`` inverts it exactly."""
        rows = [
            {
                "family": one.family,
                "style": one.style,
                "suggested": one.suggested,
                "chosen": one.chosen,
            }
            for changes in self._changes.values()
            for one in changes
        ]
        return json.dumps({"version": VERSION, "changes": rows}, separators=(",", ":")).encode()

    @classmethod
    def load(cls, data: bytes) -> Habits:
        """Inverse of ``dump``; InvalidInput for what it did not give."""
        try:
            state = json.loads(data)
            if state["version"] != VERSION:
                raise InvalidInput("The saved habits are from another version of Vibes.")
            changes = _CHANGES.validate_python(state["changes"])
        except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
            raise InvalidInput("These are no saved habits, or they are damaged.") from error
        habits = cls()
        for change in changes:
            habits._add(change)
        return habits

    def _add(self, change: _Change) -> None:
        key = change.family, change.style
        self._changes.setdefault(key, deque(maxlen=LAST)).append(change)


def _told(name: ParameterName, changes: Iterable[_Change]) -> list[tuple[Setting, Setting]]:
    """The parameter as suggested and as chosen, grid by grid."""
    return [
        (one.suggested[name], one.chosen[name])
        for one in changes
        if name in one.suggested and name in one.chosen
    ]


def _habit(name: str, told: Sequence[tuple[Setting, Setting]]) -> Habit | None:
    weights = [DECAY**age for age in reversed(range(len(told)))]
    numbers: list[tuple[float, float, float]] = []
    names: list[tuple[str, str, float]] = []
    for (was, now), weight in zip(told, weights, strict=True):
        if isinstance(was, str) and isinstance(now, str):
            names.append((was, now, weight))
        elif not isinstance(was, str) and not isinstance(now, str) and was > 0 and now > 0:
            numbers.append((was, now, weight))
    if numbers:
        return _of_number(name, numbers)
    return _of_name(name, names)


def _of_number(name: str, told: Sequence[tuple[float, float, float]]) -> Habit:
    """The mean ratio, drawn towards 1 while few grids are behind it."""
    seen = sum(weight for *_, weight in told)
    drift = sum(weight * _log_ratio(was, now) for was, now, weight in told)
    shift = drift / (seen + DOUBT)
    return Habit(
        parameter=name,
        ratio=math.exp(shift),
        count=len(told),
        confidence=seen / (seen + DOUBT),
        sentence=_number_sentence(name, [(was, now) for was, now, _ in told], shift),
    )


def _log_ratio(was: float, now: float) -> float:
    most = math.log(MOST_TIMES)
    return min(max(math.log(now) - math.log(was), -most), most)


def _number_sentence(name: str, told: Sequence[tuple[float, float]], shift: float) -> str:
    """ "You usually lower CFG: by 1.5 in 6 of 7 grids." """
    moves = [now - was for was, now in told if (now - was) * shift > 0]
    what = _NAMES.get(name, f"the {name}")
    if not moves:
        return f"You leave {what} as suggested."
    often = "usually" if len(moves) > len(told) / 2 else "sometimes"
    verb = "raise" if shift > 0 else "lower"
    by = abs(sum(moves) / len(moves))
    shown = f"{by:.1f}".removesuffix(".0") if name == "cfg" else f"{max(round(by), 1)}"
    return f"You {often} {verb} {what}: by {shown}{_UNITS.get(name, '')} {_grids(moves, told)}."


def _of_name(name: str, told: Sequence[tuple[str, str, float]]) -> Habit | None:
    """The name put in place of others, once most of enough grids agree."""
    seen = sum(weight for *_, weight in told)
    weights: dict[str, float] = {}
    for was, now, weight in told:
        if now != was:
            weights[now] = weights.get(now, 0.0) + weight
    value = max(weights, key=lambda one: weights[one], default="")
    if len(told) < ENOUGH or not value or weights[value] < MAJORITY * seen:
        return None
    agreed = [now for was, now, _ in told if now == value != was]
    return Habit(
        parameter=name,
        value=value,
        count=len(told),
        confidence=seen / (seen + DOUBT),
        sentence=f"You usually take the {name} {value}: {_grids(agreed, told)}.",
    )


def _grids(some: Sequence[object], among: Sequence[object]) -> str:
    return f"in {len(some)} of {len(among)} grids"
