"""Whether it is worth a server's time to load another checkpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .lanes import Lane, Lanes
from .line import ClassLine
from .makers import Makers
from .shelves import BatchLine, Kind, KindLine, WaitingJob


@dataclass(slots=True)
class Helpers:
    """The servers that have a checkpoint loaded: when each is free, and its work per second."""

    starts: list[tuple[float, float]]
    rate: float = 0.0  # of all together
    backlog: float = 0.0  # work they could have done until they are free
    last: float = 0.0  # when all are free

    def __post_init__(self) -> None:
        for start, rate in self.starts:
            self.rate += rate
            self.backlog += start * rate
            self.last = max(self.last, start)

    def work_in(self, seconds: float) -> float:
        """What they can do in that time."""
        if seconds >= self.last:
            return self.rate * seconds - self.backlog
        return sum(rate * (seconds - start) for start, rate in self.starts if start < seconds)

    def seconds_for(self, work: float) -> float:
        """About how long they need for it."""
        return (work + self.backlog) / self.rate if self.rate else float("inf")


class _Known(NamedTuple):
    helpers: Helpers
    state: tuple[int, int]
    until: float


class Needs:
    """Knows who helps with what; an answer is used again for half an image's time."""

    def __init__(self, lanes: Lanes, makers: Makers) -> None:
        self._lanes = lanes
        self._makers = makers
        self._known: dict[Kind, _Known] = {}

    def helpers(self, kind: Kind, now: float) -> Helpers:
        """The open servers that have the kind's checkpoint loaded and can make it."""
        state = self._lanes.warm_changes(kind.checkpoint), self._makers.era
        known = self._known.get(kind)
        if known is None or known.state != state or now >= known.until:
            lanes = self._lanes.warm_for(kind.checkpoint)
            lanes = [lane for lane in lanes if self._makers.has_what(lane, kind)]
            pause = min((lane.image(kind) for lane in lanes), default=0.0) / 2
            known = _Known(_helpers(lanes, kind, now), state, now + pause)
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[kind] = known
        return known.helpers

    def helpers_of(self, entry: WaitingJob, now: float) -> Helpers:
        """Those of them that may take this very job."""
        lanes = self._lanes.warm_for(entry.checkpoint)
        may = [lane for lane in lanes if self._makers.may(lane, entry)]
        return _helpers(may, entry.kind, now)


_REMEMBERED = 1_000  # kinds


def _helpers(lanes: Collection[Lane], kind: Kind, now: float) -> Helpers:
    return Helpers([(lane.left(now), kind.work / lane.image(kind)) for lane in lanes])


class _Case(NamedTuple):
    """A checkpoint a server might load: the work from which on that pays."""

    in_batch: float
    in_line: float
    helpers: Helpers


class Wish:
    """One server's look at the jobs of one priority, at one moment.

    Loading a checkpoint is useful for a batch if those that have it loaded would not be through
    with the batch's jobs for it by the time this server has loaded it and made one image – and
    for the whole line, if the same is true of all such jobs after this server's own checkpoint
    is through: so the checkpoints keep pace with each other.
    """

    def __init__(
        self, needs: Needs, makers: Makers, line: ClassLine, lane: Lane, now: float
    ) -> None:
        self._needs = needs
        self._makers = makers
        self._line = line
        self._lane = lane
        self._now = now
        self._left = lane.left(now)
        self._own: float | None = None
        self._cases: dict[str, _Case] = {}

    def head(self, kinds: Mapping[Kind, KindLine]) -> WaitingJob | None:
        """The first job the server can make, one with the LoRAs it has loaded before others."""
        loras = self._lane.warm.loras if self._lane.warm else None
        heads = (head for line in kinds.values() if (head := self._makers.head(self._lane, line)))
        return min(heads, key=lambda e: (e.kind.loras != loras, e.spot), default=None)

    def needed_in(self, batch: BatchLine) -> WaitingJob | None:
        """A job of the batch worth loading a checkpoint for, the one that is needed most."""
        warm = self._lane.warm_checkpoint
        needs = [
            (self._need(checkpoint, kinds, batch.work[checkpoint]), checkpoint)
            for checkpoint, kinds in batch.checkpoints.items()
            if checkpoint != warm
        ]
        for need, checkpoint in sorted(needs, reverse=True):
            head = self.head(batch.checkpoints[checkpoint]) if need > (0.0, 0.0) else None
            if head is not None:
                return head
        return None

    def _need(
        self, checkpoint: str, kinds: Mapping[Kind, KindLine], work: float
    ) -> tuple[float, float]:
        """How long it would take others, and the work; zeros if it is not worth loading."""
        case = self._cases.get(checkpoint)
        if case is None:
            able = [line for k, line in kinds.items() if self._makers.has_what(self._lane, k)]
            plain = next((line.kind for line in able if line.has_plain), None)
            if plain is not None:
                case = self._case(plain, self._needs.helpers(plain, self._now))
                self._cases[checkpoint] = case
            elif (marked := self.head(kinds)) is not None:
                case = self._case(marked.kind, self._needs.helpers_of(marked, self._now))
            else:
                return 0.0, 0.0
        if work > case.in_batch or self._line.work[checkpoint] > case.in_line:
            return case.helpers.seconds_for(work), work
        return 0.0, 0.0

    def _case(self, kind: Kind, helpers: Helpers) -> _Case:
        first = self._left + self._lane.first_image(kind, self._lane.warm_checkpoint)
        return _Case(helpers.work_in(first), helpers.work_in(first + self._own_seconds()), helpers)

    def _own_seconds(self) -> float:
        """Until the jobs for the checkpoint this server has loaded are all made."""
        if self._own is None:
            warm = self._lane.warm
            work = self._line.work.get(warm.checkpoint, 0.0) if warm else 0.0
            self._own = 0.0
            if warm is not None and work > 0:
                self._own = self._needs.helpers(warm, self._now).seconds_for(work)
        return self._own
