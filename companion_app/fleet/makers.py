"""Which servers can make a job; asked once per kind of job and server, then remembered."""

from __future__ import annotations

from typing import Protocol

from .lanes import Lane, Lanes
from .shelves import Kind, KindLine, WaitingJob

_REMEMBERED = 100_000  # answers


class Rules(Protocol):
    """What servers can make, their load and whether they are open apart."""

    def can_kind(self, server: str, kind: Kind) -> bool:
        """Whether the server has what jobs of this kind need; remembered until ``relist``."""

    def can_job(self, server: str, entry: WaitingJob) -> bool:
        """Whether it may take this very job, which something is known about.

        Asked of marked jobs – those with refusals, failures or traces – in place of ``can_kind``.
        The answer may depend on which servers are open; whatever else changes it must be followed
        by ``relist``.
        """


class Makers:
    """Remembers what ``rules`` said. ``era`` counts the changes of what anybody can make."""

    def __init__(self, lanes: Lanes, rules: Rules) -> None:
        self.era = 0
        self._lanes = lanes
        self._rules = rules
        self._membership = -1
        self._asked = 0
        self._can: dict[str, dict[Kind, bool]] = {}
        self._names: dict[Kind, tuple[str, ...]] = {}
        self._doable: dict[Kind, bool] = {}

    def relist(self) -> None:
        """Forget everything."""
        self._asked = 0
        self._can.clear()
        self._membership = -1

    def attend(self) -> bool:
        """Take note of servers that opened or closed: whether anything changed."""
        if self._lanes.membership == self._membership:
            return False
        self._membership = self._lanes.membership
        self.era += 1
        self._names.clear()
        self._doable.clear()
        return True

    def has_what(self, lane: Lane, kind: Kind) -> bool:
        """Whether the server has what jobs of this kind need."""
        known = self._can.setdefault(lane.name, {})
        if kind not in known:
            self._asked += 1
            if self._asked > _REMEMBERED:
                self.relist()
                known = self._can.setdefault(lane.name, {})
            known[kind] = self._rules.can_kind(lane.name, kind)
        return known[kind]

    def may(self, lane: Lane, entry: WaitingJob) -> bool:
        """Whether the server can make the job and may take it."""
        if entry.is_marked:
            return self._rules.can_job(lane.name, entry)
        return self.has_what(lane, entry.kind)

    def head(self, lane: Lane, line: KindLine) -> WaitingJob | None:
        """The first of the jobs that the server may take."""
        plain = self.has_what(lane, line.kind)
        return line.first(lambda entry: self._rules.can_job(lane.name, entry), plain=plain)

    def is_doable(self, kind: Kind) -> bool:
        """Whether any open server has what jobs of this kind need."""
        if kind not in self._doable:
            self._doable[kind] = any(self.has_what(o, kind) for o in self._lanes.opened())
        return self._doable[kind]

    def of(self, entry: WaitingJob) -> tuple[str, ...]:
        """Names of the open servers that may take the job."""
        if entry.is_marked:
            return tuple(o.name for o in self._lanes.opened() if self.may(o, entry))
        kind = entry.kind
        if kind not in self._names:
            able = (o.name for o in self._lanes.opened() if self.has_what(o, kind))
            self._names[kind] = tuple(able)
        return self._names[kind]
