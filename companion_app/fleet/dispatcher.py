"""Who takes what: what servers ask of the fleet, and what becomes of jobs nobody makes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial

from vibes.workflows import Graph, Templates

from . import wire
from .backoff import Backoff
from .eligibility import Eligibility, kind_of
from .errand import Errand, Withdrawal
from .jobs import Job, JobLog, ScoreWish
from .lanes import Lanes
from .line import WaitingLine
from .logbook import Logbook
from .measured import Measured
from .news import News
from .placement import Placement
from .progress import ProgressStream
from .replies import QueueState
from .server import Server
from .shelves import WaitingJob
from .verdicts import Record, Verdicts

logger = logging.getLogger(__name__)

#: Renders of one job that may fail before the job is given up as poisoned.
MAX_FAILURES = 2


class Dispatcher:
    """The servers' coordinator, over ``servers``, a live mapping by name; see ``Coordinator``."""

    def __init__(
        self,
        servers: Mapping[str, Server],
        *,
        log: JobLog,
        progress: ProgressStream,
        new_backoff: Callable[[], Backoff],
        clock: Callable[[], float],
        templates: Templates,
        wish: ScoreWish | None = None,
    ):
        self.log = log
        self.logbook = Logbook(new_backoff, self._storage_troubled)
        self.line = WaitingLine(self._line_changed, kind_of=kind_of)
        self.lanes = Lanes()
        self.eligibility = Eligibility(servers, templates=templates, wish=wish)
        self.measured = Measured(servers, self.lanes.speeds)
        self.placement = Placement(self.line, self.lanes, self.eligibility)
        self.news = News(progress)
        self._servers = servers
        self._progress = progress
        self._new_backoff = new_backoff
        self._clock = clock
        self._doubtful: set[str] = set()  # ids of jobs some server has refused
        self._verdicts = Verdicts()
        self._unsettled = asyncio.Event()

    # --- what servers ask --------------------------------------------------------------------

    def take(self, server: Server) -> WaitingJob | None:
        """The next job this server should make; None when there is none or it is not its turn."""
        self._heed(server)
        begun = self.lanes[server.name].begun
        if self.logbook.trouble or (begun and server.breaker.on_trial):
            return None
        taken = self.placement.take(server.name, self._clock())
        if taken is None:
            self._recall(server)
        elif len(begun) == 1:  # now that this one is busy, others may fetch ahead
            self._wake_busy()
        return taken

    def _recall(self, idle: Server) -> None:
        """Have a job that waits on a slower server called back, so that the idle one gets it."""
        job_id = self.placement.recall(idle.name, self._clock())
        if job_id is not None:
            self.call_back(lambda job: job.id == job_id, "pause")

    def _heed(self, server: Server) -> None:
        """Keep the bookkeeping in step with whether the server may be given jobs."""
        lane = self.lanes[server.name]
        if lane.is_open != server.is_open:
            (self.lanes.open if server.is_open else self.lanes.close)(server.name)
            self.placement.relist()
            self._wake_all()

    def reclaim(self, server: Server) -> list[WaitingJob]:
        """Waiting jobs this server may have finished or still have."""
        entries = self.line.reclaim(server.name)
        for entry in entries:
            self.lanes.begin(server.name, entry, self._clock(), timed=False)
        return entries

    def begun(self, server: str, errand: Errand) -> None:
        """The server has the job's prompt: from now on its time counts."""
        self.lanes.started(server, errand.job.id, self._clock())

    def made(self, server: str, errand: Errand) -> None:
        """The server has rendered the job."""
        self.lanes.finished(server, errand.job.id, self._clock())

    def left(self, server: str, job: Job) -> None:
        """The server is through with the job: it may take another, and its preview has served."""
        self.lanes.ended(server, job.id, self._clock())
        self.news.forget(job.id)

    def expected(self, server: str, errand: Errand) -> float:
        """Seconds the job should take there, loading its checkpoint included."""
        return self.lanes[server].first_image(errand.waiting.kind, None)

    def memory_used(self, errand: Errand, used: int) -> None:
        """So many bytes of GPU memory were in use while the job was drawn."""
        recipe = errand.job.recipe
        record = self.eligibility.catalog.checkpoints.get(recipe.candidate.checkpoint)
        if record is not None and record.family is not None:
            self.measured.noted((record.family, record.size, recipe.width, recipe.height), used)

    def rendered_aside(self, server: str, checkpoint: str) -> None:
        """The server has made, or given up, a picture that is no job."""
        if server in self._servers:
            self.lanes.rendered_aside(server, checkpoint, self._clock())

    def put_back(self, waiting: WaitingJob) -> None:
        """The job was not made and waits again, in its old place."""
        if waiting.refusals:
            self._doubtful.add(waiting.job.id)
        self.line.put([waiting])

    def render_failed(self, waiting: WaitingJob, server: str, message: str) -> None:
        """Count a failed render: the job waits again, or is given up with the server's message."""
        waiting.failures.append((server, message))
        logger.warning("Image %s failed on %s: %s", waiting.job.id, server, message)
        if len(waiting.failures) < MAX_FAILURES:
            self.put_back(waiting)
        else:
            self.give_up(waiting, server, message)

    def ran_out_of_memory(self, server: str, job: Job, message: str) -> None:
        """Let others make what is as large with this checkpoint, if any can."""
        recipe = job.recipe
        limits = self._servers[server].memory_limits
        pixels = recipe.width * recipe.height
        known = limits.get(recipe.candidate.checkpoint, pixels)
        limits[recipe.candidate.checkpoint] = min(pixels, known)
        logger.warning("Image %s: %s", job.id, message)
        self.relist()

    def collected(self, waiting: WaitingJob) -> None:
        """The job's picture is stored."""
        self.leave_traces(waiting)
        self.placement.forget(waiting.job.id)

    def dropped(self, prompt_id: str) -> None:
        """A server does not have this prompt, which nobody wanted, any more."""
        self._verdicts.add(prompt_id, partial(self.log.dropped, prompt_id))
        self._unsettled.set()

    def give_up(self, waiting: WaitingJob, server: str | None, error: str) -> None:
        """The job has failed for good; ``server`` is None when none could even start it."""
        self.leave_traces(waiting)
        job = waiting.job
        self.pronounce(job, partial(self.log.failed, job, server=server, error=error))

    def output_of(self, job: Job) -> str:
        """The node of its graph that saves the picture."""
        return self.eligibility.output_of(job.recipe)

    def build(self, server: str, job: Job, source: str | None) -> Graph:
        """The graph that makes the job on this server."""
        prefix = f"vibes/{job.id}"
        return self.eligibility.graph(server, job.recipe, source, prefix=prefix, scored=True)

    def loras_there(self, server: str, job: Job) -> dict[str, str]:
        """The job's LoRAs: the server's spelling to the catalog's."""
        return self.eligibility.loras_there(server, job.recipe)

    def checkpoint_there(self, server: str, job: Job) -> dict[str, str]:
        """The job's checkpoint: the server's spelling to the catalog's."""
        return self.eligibility.checkpoint_there(server, job.recipe)

    def changed(self, server: Server) -> None:
        """A server came, went, or has other models now."""
        if not server.online:
            self.lanes.cool(server.name)
        self._heed(server)
        self.eligibility.relist(server.name)
        self.announce()

    def removed(self, name: str) -> None:
        """The server is not in the fleet any more."""
        self.lanes.remove(name)
        self.eligibility.relist(name)
        self.announce()

    def announce(self) -> None:
        """Tell the pages of the servers, and see what the change means for the line."""
        online = sum(s.online for s in self._servers.values())
        self._progress.publish({"type": "servers", "online": online, "total": len(self._servers)})
        self.relist()

    def relist(self) -> None:
        """Servers have, or had better be given, something else now."""
        self.placement.relist()
        self._line_changed()

    def twin_of(self, server: Server, queue: QueueState) -> str | None:
        """The server this one is under a second name: its queue holds that one's prompts."""
        prompts = queue.running | queue.pending
        for other in self._servers.values():
            if other is server:  # the later of two gives way
                return None
            if any(errand.prompt_id in prompts for errand in other.errands.posted):
                return other.name
        return None

    def heard(self, server: str, job: Job, message: wire.SamplerStep | wire.Preview) -> None:
        """Pass news of a job on to whoever watches."""
        self.news.heard(server, job, message)

    # --- jobs nobody makes -------------------------------------------------------------------

    def _line_changed(self) -> None:
        self._unsettled.set()
        self._wake_all()

    def _wake_all(self) -> None:
        for server in self._servers.values():
            server.wake()

    def _wake_busy(self) -> None:
        for server in self._servers.values():
            if len(self.lanes[server.name].begun) == 1:
                server.wake()

    def _storage_troubled(self, _: str) -> None:
        self._line_changed()

    def pronounce(self, job: Job, record: Record) -> None:
        """The job is over without a picture: have ``record`` tell the log, until it listens."""
        self.placement.forget(job.id)
        self._verdicts.add(job.id, record)
        self._unsettled.set()

    def reopen(self, job_id: str) -> None:
        """The job is to be made after all: what was to be told of its end is forgotten."""
        self._verdicts.drop(job_id)

    async def write_verdicts(self) -> bool:
        """Have the log told the ends of jobs; False if some are still to be told."""
        return await self._verdicts.write()

    async def settle(self) -> None:
        """Give up the jobs no server can make, and have the log told until it listens."""
        backoff = self._new_backoff()
        while True:
            await self._unsettled.wait()
            self._unsettled.clear()
            self._give_up_hopeless()
            if await self._verdicts.write():
                backoff.reset()
            else:
                await backoff.wait()
                self._unsettled.set()

    def _give_up_hopeless(self) -> None:
        """Drop the jobs no server can ever make."""
        hopeless = {kind for kind in self.line.kinds if self.eligibility.is_hopeless(kind)}
        entries = [entry for entry in self.line if entry.kind in hopeless] if hopeless else []
        entries += [e for job_id in self._doubtful if (e := self.line.find(job_id)) is not None]
        self._doubtful &= {entry.job.id for entry in entries}
        for entry in {entry.job.id: entry for entry in entries}.values():
            if (reason := self.eligibility.despair(entry)) is not None:
                self.line.remove(entry)
                self.give_up(entry, None, reason)

    # --- what the fleet orders ---------------------------------------------------------------

    def forget(self, orphans: Mapping[str, Collection[str]]) -> None:
        """Have prompts that a former run left on servers, and nobody wants, taken off there."""
        for name, prompt_ids in orphans.items():
            if name in self._servers:
                self._servers[name].errands.disown(prompt_ids)

    def leave_traces(self, entry: WaitingJob) -> None:
        """The job is over: what servers may still have of it is to be taken off there."""
        self.forget({name: [prompt_id] for name, prompt_id in entry.traces.items()})

    def call_back(self, concerned: Callable[[Job], bool], why: Withdrawal) -> None:
        """Take jobs off their servers, as ``why`` allows; they wait again."""
        for server in self._servers.values():
            for errand in server.errands.withdraw(concerned, why):
                errand.hint()
