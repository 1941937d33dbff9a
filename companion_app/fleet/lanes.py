"""What is known of each server: whether it is open, what it has loaded, what it is at work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

from .shelves import Kind, WaitingJob
from .speeds import Speeds

#: Prompts of ours on a server: one running, one waiting so that it never idles between two.
DEPTH = 2
_INSTANT = 1e-6  # seconds: nothing takes no time at all


@dataclass(eq=False)
class Begun:
    """A job on a server; ``since`` when, in seconds of the caller's clock, it could begin."""

    entry: WaitingJob
    since: float
    is_timed: bool = True  # False if it had begun before anybody looked at the clock


@dataclass(eq=False)
class Lane:
    """One server as the placement sees it; all times in seconds."""

    name: str
    speeds: Speeds
    is_open: bool = False
    begun: dict[str, Begun] = field(default_factory=dict)  # by job id, the running one first
    loaded: Kind | None = None  # of the job that ran last
    freed_at: float = float("-inf")
    _needs: list[float] | None = None
    run: int = 0  # jobs begun in a row for the checkpoint it is warm for

    @property
    def warm(self) -> Kind | None:
        """What it will have made last when it is through with what it has."""
        if not self.begun:
            return self.loaded
        return next(reversed(self.begun.values())).entry.kind

    @property
    def warm_checkpoint(self) -> str | None:
        """The checkpoint it will have loaded then."""
        return self.warm.checkpoint if self.warm else None

    def image(self, kind: Kind) -> float:
        """For one image, its checkpoint being loaded."""
        return max(self.speeds.seconds(self.name, kind), _INSTANT)

    def first_image(self, kind: Kind, after: str | None) -> float:
        """The same for the first one ``after`` images of another checkpoint, or the same."""
        switch = 0.0 if after == kind.checkpoint else self.speeds.switch(self.name, kind)
        return switch + self.image(kind)

    @property
    def has_repaid(self) -> bool:
        """Whether loading its checkpoint took less than a third of the time it was used."""
        warm = self.warm
        if warm is None:
            return True
        return self.run * self.image(warm) >= 2 * self.speeds.switch(self.name, warm)

    def ends(self, now: float) -> list[float]:
        """Seconds until each of its jobs is done, in their order.

        A running job that is overdue will need as long again as it is overdue: a server that is
        stuck looks slower and slower.
        """
        needs = self._seconds_needed()
        return [self._first_end(now) + more - needs[0] for more in accumulate(needs)]

    def left(self, now: float) -> float:
        """Seconds until it is through with what it has."""
        if not self.begun:
            return 0.0
        needs = self._seconds_needed()
        return self._first_end(now) + sum(needs[1:])

    def _first_end(self, now: float) -> float:
        first = next(iter(self.begun.values()))
        return abs(self._seconds_needed()[0] - (now - max(first.since, self.freed_at)))

    def _seconds_needed(self) -> list[float]:
        """For each of its jobs; reckoned anew when it has others."""
        if self._needs is None:
            self._needs = []
            after = self.loaded.checkpoint if self.loaded else None
            for begun in self.begun.values():
                self._needs.append(self.first_image(begun.entry.kind, after))
                after = begun.entry.checkpoint
        return self._needs

    def changed(self) -> None:
        """It has other jobs, or something else loaded."""
        self._needs = None

    def queued(self, now: float) -> list[tuple[float, WaitingJob]]:
        """Jobs behind the running one, with the seconds until each is done."""
        entries = [begun.entry for begun in self.begun.values()]
        return list(zip(self.ends(now), entries, strict=True))[1:]


class Lanes:
    """All servers, by name; told of everything that happens to their jobs.

    ``membership`` counts the servers that opened or closed, ``version`` all changes.
    """

    def __init__(self, speeds: Speeds | None = None) -> None:
        self.speeds = speeds or Speeds()
        self.version = 0
        self.membership = 0
        self._lanes: dict[str, Lane] = {}
        self._open: dict[str, Lane] = {}
        self._idle: dict[str, Lane] = {}
        self._warm: dict[str, dict[str, Lane]] = {}  # open ones by the checkpoint they are warm for
        self._warm_of: dict[str, str | None] = {}
        self._warm_changes: dict[str | None, int] = {}

    def __getitem__(self, name: str) -> Lane:
        """The server of that name; one not heard of before is closed."""
        if name not in self._lanes:
            self._lanes[name] = Lane(name, self.speeds)
        return self._lanes[name]

    def opened(self) -> list[Lane]:
        """Servers that take jobs."""
        return list(self._open.values())

    @property
    def open_count(self) -> int:
        """How many there are."""
        return len(self._open)

    def idle(self) -> list[Lane]:
        """Those of them that have nothing to do."""
        return list(self._idle.values())

    def warm_for(self, checkpoint: str) -> list[Lane]:
        """Those of them that have the checkpoint loaded, or will by the end of what they have."""
        return list(self._warm.get(checkpoint, {}).values())

    def warm_changes(self, checkpoint: str) -> int:
        """How often the answer to ``warm_for`` has changed."""
        return self._warm_changes.get(checkpoint, 0)

    def occupied(self) -> list[Lane]:
        """All servers with jobs, closed ones too."""
        return [lane for lane in self._lanes.values() if lane.begun]

    # --- what happens ------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """The server takes jobs from now on."""
        self._set_open(self[name], is_open=True)

    def close(self, name: str) -> None:
        """The server takes no more jobs: it is lost, drains or rests."""
        self._set_open(self[name], is_open=False)

    def cool(self, name: str) -> None:
        """The server may have been started anew: nothing is loaded there."""
        self[name].loaded = None
        self._changed(self[name])

    def remove(self, name: str) -> None:
        """The server is gone for good, with what was measured of it."""
        self.close(name)
        self._lanes.pop(name, None)
        self.speeds.forget(name)

    def begin(self, name: str, entry: WaitingJob, now: float, *, timed: bool = True) -> None:
        """The job goes to the server, or is looked for there: then it is not ``timed``."""
        lane = self[name]
        lane.run = lane.run + 1 if lane.warm_checkpoint == entry.checkpoint else 1
        lane.begun[entry.job.id] = Begun(entry, now, timed)
        self._changed(lane)

    def started(self, name: str, job_id: str, now: float) -> None:
        """The server could begin with the job only now: it was posted, or begins to run."""
        begun = self[name].begun.get(job_id)
        if begun is not None:
            begun.since = now
            self.version += 1

    def finished(self, name: str, job_id: str, now: float) -> None:
        """The server has made the image: its time is measured. Unknown jobs are passed over."""
        lane = self[name]
        begun = lane.begun.get(job_id)
        if begun is None:
            return
        kind = begun.entry.kind
        took = max(now - max(begun.since, lane.freed_at), 0.0)
        switched = lane.loaded is None or lane.loaded.checkpoint != kind.checkpoint
        if begun.is_timed:
            self.speeds.measured(name, kind, took, switched=switched)
        self._ran(lane, begun, now)

    def ended(self, name: str, job_id: str, now: float) -> None:
        """The job left the server without a picture: it failed, was called off, or is lost."""
        lane = self[name]
        begun = lane.begun.get(job_id)
        if begun is None:
            return
        if begun is next(iter(lane.begun.values())):
            self._ran(lane, begun, now)
        else:
            del lane.begun[job_id]
            self._changed(lane)

    def rendered_aside(self, name: str, checkpoint: str, now: float) -> None:
        """The server made a picture that is no job: what it has in hand could not begin before."""
        lane = self[name]
        lane.freed_at = now
        if lane.loaded is not None and lane.loaded.checkpoint != checkpoint:
            lane.loaded = None
        self._changed(lane)

    def _ran(self, lane: Lane, begun: Begun, now: float) -> None:
        del lane.begun[begun.entry.job.id]
        lane.freed_at = now
        lane.loaded = begun.entry.kind
        self._changed(lane)

    # --- the index ---------------------------------------------------------------------------

    def _set_open(self, lane: Lane, *, is_open: bool) -> None:
        if lane.is_open != is_open:
            lane.is_open = is_open
            self.membership += 1
        self._changed(lane)

    def _changed(self, lane: Lane) -> None:
        self.version += 1
        lane.changed()
        self._list(self._open, lane, lane.is_open)
        self._list(self._idle, lane, lane.is_open and not lane.begun)
        warm = lane.warm_checkpoint if lane.is_open else None
        before = self._warm_of.get(lane.name)
        if warm != before:
            for checkpoint in {warm, before} - {None}:
                self._warm_changes[checkpoint] = self._warm_changes.get(checkpoint, 0) + 1
            self._warm_of[lane.name] = warm
            if before is not None:
                del self._warm[before][lane.name]
            if warm is not None:
                self._warm.setdefault(warm, {})[lane.name] = lane

    @staticmethod
    def _list(index: dict[str, Lane], lane: Lane, belongs: bool) -> None:
        if belongs:
            index[lane.name] = lane
        else:
            index.pop(lane.name, None)
