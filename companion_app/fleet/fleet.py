"""The fleet: all servers, the line of waiting jobs between them, and who takes what."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import aiohttp
import numpy as np

from vibes.catalog import Catalog
from vibes.errors import NotFound
from vibes.settings import ServerConfig
from vibes.workflows import Graph

from . import wire
from .backoff import Backoff
from .eligibility import Eligibility
from .errand import Errand, Withdrawal
from .forecast import Placement
from .jobs import Job, JobLog
from .progress import ProgressStream
from .server import Server
from .status import ServerStatus
from .verdicts import Record, Verdicts
from .waiting import MAX_FAILURES, WaitingJob, WaitingLine

logger = logging.getLogger(__name__)

_MAX_PREVIEW = 4 * 1024 * 1024  # bytes


class Fleet:
    """Makes every submitted job once, on whichever server can and is free first.

    Everything runs on one event loop: call from there only. ``retry_seconds`` is the first wait
    before a server, or a log whose storage fails, is tried again; each further one is longer.
    """

    def __init__(
        self,
        servers: Sequence[ServerConfig],
        *,
        log: JobLog,
        progress: ProgressStream,
        refresh_seconds: float = 300,
        poll_seconds: float = 2,
        retry_seconds: float = 1,
        rng: np.random.Generator | None = None,
    ):
        self.log = log
        self._configs = servers
        self._progress = progress
        self._refresh_seconds = refresh_seconds
        self._poll_seconds = poll_seconds
        self._new_backoff = partial(Backoff, rng or np.random.default_rng(), first=retry_seconds)
        self._servers: dict[str, Server] = {}
        self._eligibility = Eligibility(self._servers)
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self._line = WaitingLine(self._line_changed)
        self._verdicts = Verdicts()
        self._unsettled = asyncio.Event()
        self._previews: dict[str, wire.Preview] = {}  # by image id
        self._preview_count = 0

    @property
    def catalog(self) -> Catalog:
        """What the servers have, those that are offline now included."""
        return self._eligibility.catalog

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect to the servers; returns at once."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )
        for config in self._configs:
            self._servers[config.name] = Server(
                config,
                self,
                self._session,
                new_backoff=self._new_backoff,
                refresh_seconds=self._refresh_seconds,
                poll_seconds=self._poll_seconds,
            )
        runs = [server.run() for server in self._servers.values()]
        self._tasks = [asyncio.ensure_future(run) for run in (*runs, self._settle())]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self) -> None:
        """End all tasks and connections. What servers are making they go on making."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._session is not None:
            await self._session.close()

    async def wait_ready(self, timeout: float) -> None:
        """Wait until every server has been tried once, at most ``timeout`` seconds."""
        tries = [asyncio.ensure_future(s.tried.wait()) for s in self._servers.values()]
        if tries:
            _, late = await asyncio.wait(tries, timeout=timeout)
            for attempt in late:
                attempt.cancel()

    # --- use ---------------------------------------------------------------------------------

    def submit(
        self, jobs: Sequence[Job], *, in_flight: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """Let the jobs be made, in this order; those it is at work on already are passed over.

        ``in_flight`` maps job ids to the (server, prompt id) they were submitted to before a
        restart: such a job is looked up there before anybody makes it again.
        """
        at_work = self._at_work()
        new = {job.id: job for job in jobs if job.id not in at_work}
        for job_id in new:
            self._verdicts.drop(job_id)
        entries = [self._line.admit(job) for job in new.values()]
        for entry in entries:
            server, prompt_id = (in_flight or {}).get(entry.job.id, ("", ""))
            if server:
                entry.traces[server] = prompt_id
        self._line.put(entries)

    def _at_work(self) -> set[str]:
        """Ids of the jobs that wait, are on a server, or have their picture stored."""
        begun = [errand.job for s in self._servers.values() for errand in s.errands.wanted]
        return {job.id for job in (*begun, *(entry.job for entry in self._line))}

    async def cancel(self, batch_id: str) -> None:
        """Call off what is not collected of the batch; running graphs are interrupted."""
        errands = self._withdraw(batch_id, "cancel")
        jobs = [*self._line.remove_batch(batch_id), *(errand.job for errand in errands)]
        for job in jobs:
            self._pronounce(job, partial(self.log.cancelled, job))
        await self._verdicts.write()
        for errand in errands:
            errand.hint()

    def pause(self, batch_id: str) -> None:
        """Let nothing more of the batch begin; what runs is finished."""
        self._line.pause(batch_id)
        for errand in self._withdraw(batch_id, "pause"):
            errand.hint()

    def _withdraw(self, batch_id: str, why: Withdrawal) -> list[Errand]:
        servers = self._servers.values()
        return [errand for server in servers for errand in server.errands.withdraw(batch_id, why)]

    def resume(self, batch_id: str) -> None:
        """Undo ``pause``."""
        self._line.resume(batch_id)

    def drain(self, name: str, *, draining: bool = True) -> None:
        """Let a server finish what it has and take nothing new, or take it into use again."""
        if name not in self._servers:
            raise NotFound(f"There is no server '{name}'; there are {', '.join(self._servers)}.")
        self._servers[name].draining = draining
        self._line_changed()

    def statuses(self) -> list[ServerStatus]:
        """How every server is doing, in the order of the configuration."""
        return [
            server.status(
                checkpoints=self._checkpoints_of(server),
                waiting=self._eligibility.why_waiting(server, self._line),
            )
            for server in self._servers.values()
        ]

    def _checkpoints_of(self, server: Server) -> tuple[str, ...]:
        records = self.catalog.checkpoints.values()
        return tuple(record.name for record in records if server.name in record.spellings)

    def preview(self, image_id: str) -> tuple[bytes, str] | None:
        """The latest preview of an image that is being made, with its media type."""
        preview = self._previews.get(image_id)
        return (preview.data, preview.mime) if preview else None

    def distribution(self, batch_id: str) -> dict[str, int]:
        """How many of the batch's open jobs each server will probably make."""
        placed = [placement.server for placement in self._forecast(batch_id)]
        return dict(Counter(placed))

    def seconds_left(self, batch_id: str) -> float | None:
        """Until the batch is done as things stand; None while no speed is known."""
        if all(s.errands.pace.seconds_per_image is None for s in self._servers.values()):
            return None
        ends = [placement.done_in for placement in self._forecast(batch_id)]
        return max(ends, default=None)

    def _forecast(self, batch_id: str) -> list[Placement]:
        everything = self._eligibility.forecast(self._line)
        return [placement for placement in everything if placement.job.batch_id == batch_id]

    # --- what servers ask --------------------------------------------------------------------

    def take(self, server: Server) -> WaitingJob | None:
        """The next job this server should make; None when there is none or it is not its turn."""
        others = [s for s in self._servers.values() if s is not server and s.is_open]
        idle = [s for s in others if not s.errands.unfinished]
        can = self._eligibility.can

        def should(entry: WaitingJob) -> bool:
            if not can(server, entry):
                return False
            # A second job is fetched ahead only if nobody could begin with it at once.
            return not server.errands.unfinished or not any(can(s, entry) for s in idle)

        warm_elsewhere = {s.errands.warm for s in others if s.errands.warm}
        taken = self._line.take(should, warm=server.errands.warm, warm_elsewhere=warm_elsewhere)
        if taken is not None and not server.errands.unfinished:
            for other in others:  # now that this one is busy, they may fetch ahead
                other.wake()
        return taken

    def reclaim(self, server: Server) -> list[WaitingJob]:
        """Waiting jobs this server may have finished or still have."""
        return self._line.reclaim(server.name)

    def put_back(self, waiting: WaitingJob) -> None:
        """The job was not made and waits again, in its old place."""
        self._line.put([waiting])

    def render_failed(self, waiting: WaitingJob, server: str, message: str) -> None:
        """Count a failed render: the job waits again, or is given up with the server's message."""
        waiting.failures.append((server, message))
        logger.warning("Image %s failed on %s: %s", waiting.job.id, server, message)
        if len(waiting.failures) < MAX_FAILURES:
            self.put_back(waiting)
        else:
            self.give_up(waiting.job, server, message)

    def give_up(self, job: Job, server: str | None, error: str) -> None:
        """The job has failed for good; ``server`` is None when none could even start it."""
        self._pronounce(job, partial(self.log.failed, job, server=server, error=error))

    def build(self, server: str, job: Job, source: str | None) -> Graph:
        """The graph that makes the job on this server."""
        return self._eligibility.graph(server, job, source)

    def changed(self) -> None:
        """A server came, went, or has other models now."""
        self._eligibility.relist()
        online = sum(s.online for s in self._servers.values())
        self._progress.publish({"type": "servers", "online": online, "total": len(self._servers)})
        self._line_changed()

    def heard(self, server: str, job: Job, message: wire.SamplerStep | wire.Preview) -> None:
        """Pass news of a job on to whoever watches."""
        event = {"batch_id": job.batch_id, "image_id": job.id, "server": server}
        if isinstance(message, wire.SamplerStep):
            step = {"type": "progress", "value": message.value, "max": message.maximum}
            self._progress.publish({**event, **step})
        elif len(message.data) <= _MAX_PREVIEW:
            self._previews[job.id] = message
            self._preview_count += 1
            url = f"/api/images/{job.id}/preview?v={self._preview_count}"
            self._progress.publish({**event, "type": "preview", "preview_url": url})

    def done_with(self, job: Job) -> None:
        """A server is through with the job: its preview has served."""
        self._previews.pop(job.id, None)

    # --- jobs nobody makes -------------------------------------------------------------------

    def _line_changed(self) -> None:
        self._unsettled.set()
        for server in self._servers.values():
            server.wake()

    def _pronounce(self, job: Job, record: Record) -> None:
        self._verdicts.add(job.id, record)
        self._unsettled.set()

    async def _settle(self) -> None:
        """Give up the jobs no server can make, and have the log told until it listens."""
        backoff = self._new_backoff()
        while True:
            await self._unsettled.wait()
            self._unsettled.clear()
            for entry in self._line:
                if (reason := self._eligibility.despair(entry)) is not None:
                    self._line.remove(entry)
                    self.give_up(entry.job, None, reason)
            if await self._verdicts.write():
                backoff.reset()
            else:
                await backoff.wait()
                self._unsettled.set()


def _report(task: asyncio.Task[None]) -> None:
    """A task of the fleet ends only by being cancelled; anything else is a bug to be seen."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A task of the fleet ended", exc_info=error)
