"""The line of jobs no server has yet: who is served first, and quick ways to look into it.

Over all sessions a higher priority goes first. Between the sessions of one priority the GPU time
is shared by start-time fair queuing (Goyal, Vin, Cheng 1996): every session has a ``turn``, the
work it was served so far; the lowest is next. A session that comes late starts at the clock of
its class, the turn that was next when a job was last taken: it has no credit for the past and
nothing to make up for. A job is charged once, however often it is tried. Within a session the
place of the batch decides, then that of the image, then arrival.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heapreplace

from .jobs import Job, Place
from .shelves import Asked, BatchKey, BatchLine, Kind, WaitingJob, kind_of

__all__ = ["ClassLine", "Kind", "SessionLine", "WaitingJob", "WaitingLine", "kind_of"]


class SessionLine:
    """The jobs of one session and one priority, batch by batch; ``turn`` is in work."""

    def __init__(self, turn: float) -> None:
        self.turn = turn
        self.asked = Asked()
        self.counts: dict[str, int] = {}  # jobs by checkpoint
        self._keys: list[BatchKey] = []
        self._batches: dict[BatchKey, BatchLine] = {}

    def batches(self) -> Iterator[BatchLine]:
        """In order."""
        return (self._batches[key] for key in self._keys)

    def put(self, entry: WaitingJob) -> None:
        """Let it stand in its batch."""
        key = entry.batch_key
        if key not in self._batches:
            self._batches[key] = BatchLine(key)
            insort(self._keys, key)
        self._batches[key].put(entry)
        self.counts[entry.checkpoint] = self.counts.get(entry.checkpoint, 0) + 1
        self.asked.grew()

    def remove(self, entry: WaitingJob) -> None:
        """Take it out."""
        key = entry.batch_key
        self._batches[key].remove(entry)
        if not self._batches[key].checkpoints:
            del self._batches[key]
            del self._keys[bisect_left(self._keys, key)]
        self.counts[entry.checkpoint] -= 1
        if not self.counts[entry.checkpoint]:
            del self.counts[entry.checkpoint]


class ClassLine:
    """The takeable jobs of one priority by session, with the clock of their fair share."""

    def __init__(self) -> None:
        self.sessions: dict[str, SessionLine] = {}
        self.work: dict[str, float] = {}  # by checkpoint
        self.count = 0
        self.clock = 0.0
        self._turns: dict[str, float] = {}  # of sessions that ran ahead and have nothing waiting

    def by_turn(self) -> list[SessionLine]:
        """The sessions, the one that was served least first."""
        return sorted(self.sessions.values(), key=lambda session: session.turn)

    @property
    def mean_work(self) -> float:
        """Of one waiting job."""
        return sum(self.work.values()) / self.count if self.count else 0.0

    def put(self, entry: WaitingJob) -> None:
        """Let it stand in its session."""
        session_id = entry.job.session_id
        if session_id not in self.sessions:
            turn = max(self._turns.pop(session_id, 0.0), self.clock)
            self.sessions[session_id] = SessionLine(turn)
        self.sessions[session_id].put(entry)
        self.work[entry.checkpoint] = self.work.get(entry.checkpoint, 0.0) + entry.kind.work
        self.count += 1

    def remove(self, entry: WaitingJob) -> None:
        """Take it out."""
        session_id = entry.job.session_id
        session = self.sessions[session_id]
        session.remove(entry)
        self.work[entry.checkpoint] -= entry.kind.work
        self.count -= 1
        if not session.counts:
            del self.sessions[session_id]
            self._turns[session_id] = session.turn
            self._turns = {s: turn for s, turn in self._turns.items() if turn > self.clock}
        if not self.count:
            self.work.clear()  # and with it what rounding has left

    def charge(self, entry: WaitingJob, floor: float, most_behind: float) -> None:
        """The job is served; ``floor`` is the turn of the first session that could have been.

        Whoever waited for a server of its own keeps at most ``most_behind`` to its credit.
        """
        self.clock = max(self.clock, floor)
        if not entry.charged:
            session = self.sessions[entry.job.session_id]
            session.turn = max(session.turn, self.clock - most_behind) + entry.kind.work
            entry.charged = True


class WaitingLine:
    """All waiting jobs; pure bookkeeping, no clock, no I/O.

    Jobs of paused batches and held jobs wait in it too, but nobody can take them. ``on_change``
    is called when a job may have become takeable.
    """

    def __init__(
        self,
        on_change: Callable[[], None] = lambda: None,
        *,
        kind_of: Callable[[Job], Kind] = kind_of,
    ) -> None:
        self.version = 0  # counts all changes
        self.growth = 0  # counts the jobs that became takeable
        self.kinds: dict[Kind, int] = {}  # how many takeable jobs of each
        self._on_change = on_change
        self._kind_of = kind_of
        self._entries: dict[str, WaitingJob] = {}  # by job id
        self._by_batch: dict[str, dict[str, WaitingJob]] = {}
        self._traced: dict[str, dict[str, WaitingJob]] = {}  # by server
        self._takeable: set[str] = set()  # ids of the jobs that stand in a class
        self._classes: dict[int, ClassLine] = {}  # by priority
        self._paused: set[str] = set()
        self._arrivals = 0
        self._batch_orders: dict[str, int] = {}

    # --- who is there ------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._entries

    def __iter__(self) -> Iterator[WaitingJob]:
        """All jobs, those that can be taken first and in the order they will probably begin."""
        takeable = self.in_order()
        resting = [e for job_id, e in self._entries.items() if job_id not in self._takeable]
        return iter([*takeable, *sorted(resting, key=_resting_key)])

    def of_batch(self, batch_id: str) -> list[WaitingJob]:
        """The waiting jobs of a batch."""
        return list(self._by_batch.get(batch_id, {}).values())

    def find(self, job_id: str) -> WaitingJob | None:
        """The waiting job of that id."""
        return self._entries.get(job_id)

    def is_takeable(self, entry: WaitingJob) -> bool:
        """Whether the job waits, and neither it nor its batch rests."""
        return entry.job.id in self._takeable

    @property
    def takeable_count(self) -> int:
        """Jobs that are neither held nor of a paused batch."""
        return len(self._takeable)

    def classes(self) -> list[ClassLine]:
        """Those with takeable jobs, the highest priority first."""
        return [c for _, c in sorted(self._classes.items(), reverse=True) if c.count]

    def class_of(self, entry: WaitingJob) -> ClassLine:
        """Where a takeable job stands."""
        return self._classes[entry.place.priority]

    def in_order(self, wanted: Callable[[Kind], bool] = lambda _: True) -> list[WaitingJob]:
        """Takeable jobs of the wanted kinds as fair share alone would serve them."""
        return [entry for line in self.classes() for entry in _in_turn(line, wanted)]

    # --- coming and going --------------------------------------------------------------------

    def admit(self, job: Job) -> WaitingJob:
        """Give a new job its place in the order, without putting it into the line yet."""
        self._arrivals += 1
        batch_order = self._batch_orders.setdefault(job.batch_id, self._arrivals)
        return WaitingJob(job, job.place, self._kind_of(job), self._arrivals, batch_order)

    def put(self, entries: Iterable[WaitingJob]) -> None:
        """Let jobs wait; those that were in the line before return to their old place."""
        for entry in entries:
            self._entries[entry.job.id] = entry
            self._by_batch.setdefault(entry.job.batch_id, {})[entry.job.id] = entry
            for server in entry.traces:
                self._traced.setdefault(server, {})[entry.job.id] = entry
            self._enter(entry)
        self._on_change()

    def remove(self, entry: WaitingJob) -> None:
        """Take a job out for good; KeyError if it does not wait."""
        del self._entries[entry.job.id]
        self._leave(entry)
        _discard(self._by_batch, entry.job.batch_id, entry.job.id)
        for server in entry.traces:
            _discard(self._traced, server, entry.job.id)

    def serve(self, entry: WaitingJob, floor: float, most_behind: float) -> None:
        """Take a job out for a server, on its session's account (see ``ClassLine.charge``)."""
        self._classes[entry.place.priority].charge(entry, floor, most_behind)
        self.remove(entry)

    def reclaim(self, server: str) -> list[WaitingJob]:
        """Take out the jobs the server may still be making, or may have made, by their traces."""
        traced = list(self._traced.get(server, {}).values())
        for entry in traced:
            self.remove(entry)
        return traced

    # --- control -----------------------------------------------------------------------------

    def pause(self, batch_id: str) -> None:
        """Let nobody take jobs of this batch."""
        self._paused.add(batch_id)
        for entry in self._by_batch.get(batch_id, {}).values():
            self._leave(entry)

    def resume(self, batch_id: str) -> None:
        """Undo ``pause``."""
        self._paused.discard(batch_id)
        for entry in self._by_batch.get(batch_id, {}).values():
            self._enter(entry)
        self._on_change()

    def arrange(self, job_id: str, place: Place) -> None:
        """Let a waiting job stand elsewhere, or be held; NotFound is not raised: it may be gone."""
        entry = self._entries.get(job_id)
        if entry is None or entry.place == place:
            return
        self._leave(entry)
        entry.place = place
        self._enter(entry)
        self._on_change()

    # --- the index ---------------------------------------------------------------------------

    def _enter(self, entry: WaitingJob) -> None:
        """Make a job takeable unless it rests."""
        self.version += 1
        rests = entry.place.held or entry.job.batch_id in self._paused
        if rests or entry.job.id in self._takeable:
            return
        self.growth += 1
        self._takeable.add(entry.job.id)
        self.kinds[entry.kind] = self.kinds.get(entry.kind, 0) + 1
        self._classes.setdefault(entry.place.priority, ClassLine()).put(entry)

    def _leave(self, entry: WaitingJob) -> None:
        self.version += 1
        if entry.job.id not in self._takeable:
            return
        self._takeable.remove(entry.job.id)
        self._classes[entry.place.priority].remove(entry)
        self.kinds[entry.kind] -= 1
        if not self.kinds[entry.kind]:
            del self.kinds[entry.kind]


def _resting_key(entry: WaitingJob) -> tuple[object, ...]:
    return -entry.place.priority, entry.batch_key, entry.spot


def _discard(index: dict[str, dict[str, WaitingJob]], key: str, job_id: str) -> None:
    index[key].pop(job_id, None)
    if not index[key]:
        del index[key]


def _in_turn(line: ClassLine, wanted: Callable[[Kind], bool]) -> Iterator[WaitingJob]:
    """The jobs of a class as start-time fair queuing alone would serve them."""
    queues = []
    for number, session in enumerate(line.by_turn()):
        queue = [e for batch in session.batches() for e in batch.entries(wanted)]
        if queue:
            queues.append((session.turn, number, queue[::-1]))
    heapify(queues)
    while queues:
        turn, number, queue = queues[0]
        entry = queue.pop()
        yield entry
        if queue:
            heapreplace(queues, (turn + entry.kind.work, number, queue))
        else:
            heappop(queues)
