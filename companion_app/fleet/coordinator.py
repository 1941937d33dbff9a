"""What a server asks of the fleet it belongs to: the seam that keeps the two from a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vibes.workflows import Graph

from . import wire
from .jobs import Job, JobLog
from .logbook import Logbook
from .replies import QueueState
from .shelves import WaitingJob

if TYPE_CHECKING:
    from .errand import Errand
    from .server import Server


class Coordinator(Protocol):
    """The fleet, seen from one of its servers."""

    log: JobLog
    logbook: Logbook

    def take(self, server: Server) -> WaitingJob | None:
        """The next job this server should make."""

    def reclaim(self, server: Server) -> list[WaitingJob]:
        """Waiting jobs this server may have finished or still have."""

    def begun(self, server: str, errand: Errand) -> None:
        """The server has the job's prompt."""

    def made(self, server: str, errand: Errand) -> None:
        """The server has rendered the job."""

    def left(self, server: str, job: Job) -> None:
        """The server does not have the job in hand any more."""

    def put_back(self, waiting: WaitingJob) -> None:
        """The job was not made here and waits again."""

    def render_failed(self, waiting: WaitingJob, server: str, message: str) -> None:
        """A render went wrong here: once more, or failed for good."""

    def ran_out_of_memory(self, server: str, job: Job, message: str) -> None:
        """The server has too little memory for jobs like this one."""

    def dropped(self, prompt_id: str) -> None:
        """A server does not have this prompt, which nobody wanted, any more."""

    def relist(self) -> None:
        """Servers have, or had better be given, something else now."""

    def collected(self, waiting: WaitingJob) -> None:
        """The job's picture is stored."""

    def give_up(self, waiting: WaitingJob, server: str, error: str) -> None:
        """The job can never be finished: it has failed for good."""

    def build(self, server: str, job: Job, source: str | None) -> Graph:
        """The graph that makes the job on this server."""

    def output_of(self, job: Job) -> str:
        """The node of its graph that saves the picture."""

    def loras_there(self, server: str, job: Job) -> dict[str, str]:
        """The job's LoRAs: the server's spelling to the catalog's."""

    def checkpoint_there(self, server: str, job: Job) -> dict[str, str]:
        """The job's checkpoint: the server's spelling to the catalog's."""

    def changed(self, server: Server) -> None:
        """The state or the listing of a server changed."""

    def twin_of(self, server: Server, queue: QueueState) -> str | None:
        """The server this one is under a second name, if its queue gives that away."""

    def heard(self, server: str, job: Job, message: wire.SamplerStep | wire.Preview) -> None:
        """News of a job that is being made here."""

    def memory_used(self, errand: Errand, used: int) -> None:
        """So many bytes of GPU memory were in use while the job was drawn."""

    def expected(self, server: str, errand: Errand) -> float:
        """Seconds the job should take there from the moment it runs."""
