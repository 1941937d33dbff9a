"""What a server asks of the fleet it belongs to: the seam that keeps the two from a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vibes.workflows import Graph

from . import wire
from .jobs import Job, JobLog
from .waiting import WaitingJob

if TYPE_CHECKING:
    from .server import Server


class Coordinator(Protocol):
    """The fleet, seen from one of its servers."""

    log: JobLog

    def take(self, server: Server) -> WaitingJob | None:
        """The next job this server should make."""

    def reclaim(self, server: Server) -> list[WaitingJob]:
        """Waiting jobs this server may have finished or still have."""

    def put_back(self, waiting: WaitingJob) -> None:
        """The job was not made here and waits again."""

    def render_failed(self, waiting: WaitingJob, server: str, message: str) -> None:
        """A render went wrong here: once more, or failed for good."""

    def give_up(self, job: Job, server: str, error: str) -> None:
        """The job can never be finished: it has failed for good."""

    def build(self, server: str, job: Job, source: str | None) -> Graph:
        """The graph that makes the job on this server."""

    def changed(self) -> None:
        """The state or the listing of a server changed."""

    def heard(self, server: str, job: Job, message: wire.SamplerStep | wire.Preview) -> None:
        """News of a job that is being made here."""

    def done_with(self, job: Job) -> None:
        """The job is over here, one way or another."""
