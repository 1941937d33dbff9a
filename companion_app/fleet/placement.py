"""Which job a server takes next. Servers ask when they are idle; nothing is pushed at them.

The rules, in the order they are tried:

1. A higher priority goes first, among what the server can make.
2. Near the end of the work (``_TAIL``) all of it is dealt to the servers on paper, and a server
   takes only what was dealt to it: the last images are not left to a slow server.
3. A job for the checkpoint the server has loaded goes before one it would have to load a
   checkpoint for – within the sessions that are not more than ``_AHEAD`` images ahead of the one
   that was served least. Within a session batches come in order: a later one only if the server
   has nothing useful to do in the earlier ones, or if it loaded its checkpoint but recently.
4. Loading a checkpoint is useful if no open server has it loaded, or if those that have would
   need longer for what waits than this server for loading it and making one image.
5. Otherwise the server stays idle, or leaves the second place in its queue empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from .foresight import foresee
from .lanes import DEPTH, Lane, Lanes
from .line import ClassLine, SessionLine, WaitingLine
from .makers import Makers, Rules
from .needs import Needs, Wish
from .outlook import Prospect, deal_end, tracks_of
from .recalls import Recalls
from .shelves import BatchLine, WaitingJob

#: Images a session may be ahead of its fair share for the sake of a loaded checkpoint.
_AHEAD = 32
#: The end of the work: so many jobs for each open server, but never more than ``_TAIL_MOST``.
_TAIL = 10
_TAIL_MOST = 64
_LOOKED_AT = 50  # batches of one session that are searched for something useful
_IDLE_ASKED = 8  # servers that are asked what they would begin with
_PAUSE = 0.25  # of an image's time before a server that found nothing useful looks again
_MANY = 2000  # waiting jobs from which on a forecast serves for a while
_FRESH = 10.0  # seconds, unless jobs come


class _Choice(NamedTuple):
    """A job to take, and the turn of the session that came first among those it could serve."""

    entry: WaitingJob
    floor: float


class _Plan:
    """The end of the work as dealt to the servers, for one state of line and lanes.

    It serves until ``until``: then a running job may be overdue.
    """

    def __init__(
        self, prospects: list[Prospect], versions: tuple[int, int], made: float, until: float
    ) -> None:
        self.versions = versions
        self.made = made
        self.until = until
        self.queues: dict[str, deque[Prospect]] = {}
        for prospect in prospects:
            self.queues.setdefault(prospect.server, deque()).append(prospect)

    def first(self, server: str) -> WaitingJob | None:
        """What the server is to make next."""
        queue = self.queues.get(server)
        return queue[0].entry if queue else None

    def followed(self, server: str, versions: tuple[int, int]) -> None:
        """The server has taken that: the rest of the plan holds."""
        self.queues[server].popleft()
        self.versions = versions

    def open(self) -> list[Prospect]:
        """What is still to be taken."""
        return [prospect for queue in self.queues.values() for prospect in queue]


class Placement:
    """Gives the waiting jobs of ``line`` to the servers of ``lanes``, as ``rules`` allow.

    Pure bookkeeping: ``now`` is seconds of one monotonic clock of the caller's.
    """

    def __init__(self, line: WaitingLine, lanes: Lanes, rules: Rules) -> None:
        self.line = line
        self.lanes = lanes
        self._makers = Makers(lanes, rules)
        self._plan: _Plan | None = None
        self._needs = Needs(lanes, self._makers)
        self._foreseen: tuple[float, int, list[Prospect]] = (float("-inf"), 0, [])
        self._in_vain: dict[str, tuple[float, object]] = {}  # server → until when, in what state
        self._no_end_before = 0  # version of the line
        self._recalls = Recalls(lanes, self._makers)

    def relist(self) -> None:
        """Servers may have other models now, or the rules say something else of marked jobs."""
        self._makers.relist()

    def forget(self, job_id: str) -> None:
        """The job is done with, whatever came of it."""
        self._recalls.forget(job_id)

    def _attend(self) -> None:
        """Forget what was true of other servers."""
        if self._makers.attend():
            self._plan = None
            self._foreseen = float("-inf"), 0, []
            self._no_end_before = 0

    # --- taking ------------------------------------------------------------------------------

    def take(self, name: str, now: float) -> WaitingJob | None:
        """The job the server begins now, taken out of the line; None when it had better wait."""
        self._attend()
        lane = self.lanes[name]
        if not lane.is_open or len(lane.begun) >= DEPTH or not self.line.takeable_count:
            return None
        plan = self._plan_of_end(now)
        choice = self._choose(lane, now) if plan is None else self._planned(lane, plan)
        if choice is None:
            return None
        if plan is None and lane.begun and self._is_awaited(choice.entry, now):
            return None
        self._commit(lane, choice, now)
        if plan is not None:
            plan.followed(name, self._versions)
        return choice.entry

    def _commit(self, lane: Lane, choice: _Choice, now: float) -> None:
        most_ahead = self._most_ahead(self.line.class_of(choice.entry))
        self.line.serve(choice.entry, choice.floor, most_ahead)
        self.lanes.begin(lane.name, choice.entry, now)

    def _is_awaited(self, entry: WaitingJob, now: float) -> bool:
        """Whether a server with nothing to do would begin with the job at once."""
        able = (o for o in self.lanes.idle()[:_IDLE_ASKED] if self._makers.may(o, entry))
        choices = (self._choose(lane, now) for lane in able)
        return any(choice is not None and choice.entry is entry for choice in choices)

    def recall(self, name: str, now: float) -> str | None:
        """Id of a job another server has not begun and this idle one would finish clearly sooner.

        A job is named once only: whoever has it then keeps it.
        """
        self._attend()
        return self._recalls.ask(self.lanes[name], now)

    # --- in the middle of the work -----------------------------------------------------------

    def _choose(self, lane: Lane, now: float) -> _Choice | None:
        state = self.line.growth, self._makers.era, lane.warm_checkpoint, len(lane.begun)
        until, found_nothing = self._in_vain.get(lane.name, (0.0, None))
        if found_nothing == state and now < until:
            return None
        for line in self.line.classes():
            if (choice := self._choose_from(line, lane, now)) is not None:
                return choice
        pause = lane.image(lane.warm) * _PAUSE if lane.warm else 0.0
        self._in_vain[lane.name] = now + pause, state
        return None

    def _choose_from(self, line: ClassLine, lane: Lane, now: float) -> _Choice | None:
        """Of one priority: what is loaded, else what is needed, first near the fair share."""
        sessions = (s for s in line.by_turn() if self._finds_something(lane, s))
        first = next(sessions, None)
        if first is None:
            return None
        near, far = [first], list[SessionLine]()
        for session in sessions:
            is_near = session.turn <= first.turn + self._most_ahead(line)
            (near if is_near else far).append(session)
        wish = Wish(self._needs, self._makers, line, lane, now)
        for group in (near, far):
            if (entry := self._choose_among(group, lane, wish)) is not None:
                return _Choice(entry, first.turn)
        return None

    def _choose_among(
        self, sessions: list[SessionLine], lane: Lane, wish: Wish
    ) -> WaitingJob | None:
        """Sessions in order: first for what is loaded, then for what is worth loading."""
        for session in sessions:
            if (entry := self._loaded_in(session, lane, wish)) is not None:
                return entry
        for session in sessions:
            for batch in self._promising(session, lane):
                if (entry := wish.needed_in(batch)) is not None:
                    return entry
        return None

    def _loaded_in(self, session: SessionLine, lane: Lane, wish: Wish) -> WaitingJob | None:
        """A job for the loaded checkpoint, unless an earlier batch has something useful to do."""
        checkpoint = lane.warm_checkpoint
        if checkpoint not in session.counts:
            return None
        for batch in self._promising(session, lane):
            if (entry := wish.head(batch.checkpoints.get(checkpoint, {}))) is not None:
                return entry
            if lane.has_repaid and wish.needed_in(batch) is not None:
                return None
        return None

    def _promising(self, session: SessionLine, lane: Lane) -> Iterator[BatchLine]:
        """The first batches in which the server finds anything it can make."""
        found = (batch for batch in session.batches() if self._finds_any(lane, batch))
        return islice(found, _LOOKED_AT)

    def _finds_something(self, lane: Lane, session: SessionLine) -> bool:
        if session.asked.was_in_vain(lane.name, self._makers.era):
            return False
        if next(self._promising(session, lane), None) is not None:
            return True
        session.asked.in_vain(lane.name, self._makers.era)
        return False

    def _finds_any(self, lane: Lane, batch: BatchLine) -> bool:
        if batch.asked.was_in_vain(lane.name, self._makers.era):
            return False
        if any(
            self._makers.head(lane, k) for ks in batch.checkpoints.values() for k in ks.values()
        ):
            return True
        batch.asked.in_vain(lane.name, self._makers.era)
        return False

    # --- at the end of the work --------------------------------------------------------------

    def _plan_of_end(self, now: float) -> _Plan | None:
        """How the last jobs are dealt to the servers; None while there are more of them."""
        if not self._is_end():
            return None
        plan = self._plan
        if plan is None or plan.versions != self._versions or now >= plan.until:
            tracks = tracks_of(self.lanes.opened(), now)
            entries = self.line.in_order(self._makers.is_doable)
            prospects = deal_end(entries, tracks, self._makers.of)
            soonest = min((p.done_in for p in prospects), default=0.0)
            self._plan = _Plan(prospects, self._versions, now, now + soonest)
        return self._plan

    @property
    def _versions(self) -> tuple[int, int]:
        return self.line.version, self.lanes.version

    def _is_end(self) -> bool:
        """Whether few jobs are left that anybody open can make."""
        most = min(_TAIL_MOST, _TAIL * self.lanes.open_count)
        if self.lanes.open_count < 2 or self.line.version < self._no_end_before:
            return False
        count = 0
        for kind, jobs in self.line.kinds.items():
            count += jobs if self._makers.is_doable(kind) else 0
            if count > 8 * most:
                break
        self._no_end_before = self.line.version + max(count - most, 0)
        return count <= most

    def _planned(self, lane: Lane, plan: _Plan) -> _Choice | None:
        entry = plan.first(lane.name)
        if entry is None:
            return None
        sessions = self.line.class_of(entry).by_turn()
        finds = (s.turn for s in sessions if self._finds_something(lane, s))
        floor = next(finds, sessions[0].turn)
        return _Choice(entry, floor)

    # --- looking ahead -----------------------------------------------------------------------

    def forecast(self, now: float) -> list[Prospect]:
        """Who will probably make each job that is begun or can be taken, and in how many seconds.

        Jobs nobody open can make are left out. In a long line it may be some seconds old.
        """
        self._attend()
        begun = [
            Prospect(begun.entry, lane.name, done_in)
            for lane in self.lanes.occupied()
            for done_in, begun in zip(lane.ends(now), lane.begun.values(), strict=True)
        ]
        return begun + self._forecast_of_line(now)

    def _forecast_of_line(self, now: float) -> list[Prospect]:
        plan = self._plan_of_end(now)
        if plan is not None:
            return _later(plan.open(), now - plan.made)
        made, growth, prospects = self._foreseen
        is_fresh = now < made + _FRESH and growth == self.line.growth
        if is_fresh and self.line.takeable_count > _MANY:
            waiting = [p for p in prospects if self.line.is_takeable(p.entry)]
            return _later(waiting, now - made)
        tracks = tracks_of(self.lanes.opened(), now)
        entries = self.line.in_order(self._makers.is_doable)
        prospects = foresee(entries, tracks, self._makers.of)
        self._foreseen = now, self.line.growth, prospects
        return prospects

    def _most_ahead(self, line: ClassLine) -> float:
        """How far, in work, a session may be ahead of the one that was served least."""
        return max(_AHEAD, self.lanes.open_count) * line.mean_work


def _later(prospects: Iterable[Prospect], seconds: float) -> list[Prospect]:
    """The same prospects some seconds later."""
    return [Prospect(p.entry, p.server, max(p.done_in - seconds, 0.0)) for p in prospects]
