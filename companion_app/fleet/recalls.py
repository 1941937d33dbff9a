"""Jobs that wait on one server though another, idle one would be done with them sooner."""

from __future__ import annotations

from .lanes import Lane, Lanes
from .makers import Makers
from .shelves import WaitingJob

#: A job is called back only if it is done in this share of the time – and an image's time sooner.
_SOONER = 0.8
_ASKED = 6  # jobs, those that would be done last, that are considered


class Recalls:
    """Names such jobs, each once: whoever has it then keeps it, so that none goes to and fro."""

    def __init__(self, lanes: Lanes, makers: Makers) -> None:
        self._lanes = lanes
        self._makers = makers
        self._named: set[str] = set()  # job ids
        self._version = -1
        self._until = 0.0
        self._queued: list[tuple[float, WaitingJob]] = []

    def ask(self, lane: Lane, now: float) -> str | None:
        """Id of a job the idle server would finish clearly sooner than the one that has it."""
        if not lane.is_open or lane.begun:
            return None
        for done_in, entry in self._last_done(now)[:_ASKED]:
            here = lane.first_image(entry.kind, lane.warm_checkpoint)
            is_sooner = here < _SOONER * done_in and here + lane.image(entry.kind) < done_in
            if is_sooner and self._makers.may(lane, entry):
                self._named.add(entry.job.id)
                self._version = -1
                return entry.job.id
        return None

    def forget(self, job_id: str) -> None:
        """The job is done with."""
        self._named.discard(job_id)

    def _last_done(self, now: float) -> list[tuple[float, WaitingJob]]:
        """Jobs behind others on their servers, with the seconds until done, the longest first."""
        if self._version != self._lanes.version or now >= self._until:
            self._queued = [
                (done_in, entry)
                for lane in self._lanes.occupied()
                if len(lane.begun) > 1
                for done_in, entry in lane.queued(now)
                if entry.job.id not in self._named
            ]
            self._queued.sort(key=lambda pair: -pair[0])
            soonest = self._queued[-1][0] if self._queued else float("inf")
            self._version, self._until = self._lanes.version, now + soonest / 2
        return self._queued
