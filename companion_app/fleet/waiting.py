"""The line of jobs no server has yet, and which of them a server should take next."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from .jobs import Job

#: Jobs a server looks past to find one for the checkpoint it has loaded.
LOOK_AHEAD = 32
#: Times a job is passed over in that way before the next server that can must take it.
PATIENCE = 12
#: Renders of one job that may fail before the job is given up as poisoned.
MAX_FAILURES = 2


@dataclass(eq=False)
class WaitingJob:
    """A job with what has been tried. ``order`` is its place among jobs of equal priority."""

    job: Job
    order: int
    attempts: int = 0
    passed: int = 0
    refusals: dict[str, str] = field(default_factory=dict)  # server → why it will never make it
    failures: list[tuple[str, str]] = field(default_factory=list)  # (server, its message)
    traces: dict[str, str] = field(default_factory=dict)  # server → prompt id it may still know

    def failed_on(self, server: str) -> bool:
        """Whether a render of this job went wrong there."""
        return any(server == name for name, _ in self.failures)

    @property
    def checkpoint(self) -> str:
        """Catalog name of the checkpoint it needs."""
        return self.job.recipe.candidate.checkpoint

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts before whatever should be made later."""
        return -self.job.priority, self.order


class WaitingLine:
    """Waiting jobs in order of priority, then of arrival; pure bookkeeping, no clock, no I/O.

    ``on_change`` is called when a job may have become takeable.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None):
        self._line: list[WaitingJob] = []
        self._arrivals = 0
        self._paused: set[str] = set()
        self._on_change = on_change

    def __iter__(self) -> Iterator[WaitingJob]:
        return iter(tuple(self._line))

    def __len__(self) -> int:
        return len(self._line)

    def admit(self, job: Job) -> WaitingJob:
        """Give a new job its place in the order, without putting it into the line yet."""
        self._arrivals += 1
        return WaitingJob(job, self._arrivals)

    def put(self, waiting: Iterable[WaitingJob]) -> None:
        """Let jobs wait; those that were in the line before return to their old place."""
        for entry in waiting:
            insort(self._line, entry, key=lambda e: e.rank)
        self._on_change()

    def remove(self, entry: WaitingJob) -> None:
        """Take a job out for good."""
        self._line.remove(entry)

    def reclaim(self, server: str) -> list[WaitingJob]:
        """Take out the jobs the server may still be making, or may have made, by their traces."""
        traced = [entry for entry in self._line if server in entry.traces]
        for entry in traced:
            self._line.remove(entry)
        return traced

    def remove_batch(self, batch_id: str) -> list[Job]:
        """Take a whole batch out for good."""
        gone = [entry.job for entry in self._line if entry.job.batch_id == batch_id]
        self._line = [entry for entry in self._line if entry.job.batch_id != batch_id]
        self._paused.discard(batch_id)
        return gone

    def pause(self, batch_id: str) -> None:
        """Let nobody take jobs of this batch."""
        self._paused.add(batch_id)

    def resume(self, batch_id: str) -> None:
        """Undo ``pause``."""
        self._paused.discard(batch_id)
        self._on_change()

    def takeable(self) -> Iterator[WaitingJob]:
        """Jobs of batches that are not paused, in order."""
        return (entry for entry in self._line if entry.job.batch_id not in self._paused)

    def take(
        self,
        can: Callable[[WaitingJob], bool],
        *,
        warm: str | None = None,
        warm_elsewhere: Collection[str] = (),
    ) -> WaitingJob | None:
        """Remove and return the job a server should make next, None when it can make none.

        ``warm`` is the checkpoint it has loaded, ``warm_elsewhere`` those other servers have: the
        first job for ``warm`` wins, else the first that nobody is warm for, else simply the first.
        Only jobs of the highest priority it can make are looked at.
        """
        doable = filter(can, self.takeable())
        window = list(islice(doable, LOOK_AHEAD))
        chosen = _choose(window, warm, warm_elsewhere)
        if chosen is not None:
            self._line.remove(chosen)
        return chosen


def _choose(
    window: list[WaitingJob], warm: str | None, warm_elsewhere: Collection[str]
) -> WaitingJob | None:
    if not window:
        return None
    first = window[0]
    if first.passed >= PATIENCE:
        return first

    def detour(entry: WaitingJob) -> tuple[int, int]:
        cold = 2 if entry.checkpoint in warm_elsewhere else 1
        return -entry.job.priority, 0 if entry.checkpoint == warm else cold

    chosen = min(window, key=detour)  # the first of the best: the window is in order
    if chosen is not first:
        first.passed += 1
    return chosen


def despair(refusals: Mapping[str, str | None]) -> str | None:
    """Why a job can never be made, None while some server may make it.

    ``refusals`` holds every configured server: its reason, or None if it can or is not known yet.
    """
    if not refusals or any(reason is None for reason in refusals.values()):
        return None
    reasons = "; ".join(reason.rstrip(".") for reason in refusals.values() if reason)
    return f"No server can make this image: {reasons}."
