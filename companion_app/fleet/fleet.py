"""The fleet: all servers, the line of waiting jobs between them, and who takes what."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import numpy as np

from vibes.catalog import Catalog, FileEntry, ModelKind, ModelRecord
from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.recipes import Recipe
from vibes.settings import ServerConfig
from vibes.workflows import Templates

from . import aside
from .asking import model_preview, node_definitions
from .backoff import Backoff
from .client import ComfyClient, new_session
from .dispatcher import Dispatcher
from .jobs import Job, JobLog, Place, ScoreWish
from .overview import Overview
from .probe import probe
from .progress import ProgressStream
from .server import Server
from .shelves import WaitingJob
from .status import Probe, ServerStatus, Standing

logger = logging.getLogger(__name__)

NewClient = Callable[[ServerConfig, aiohttp.ClientSession], ComfyClient]


class Fleet:
    """Makes every submitted job once, on whichever server can and is free first.

    Everything runs on one event loop: call from there only. ``retry_seconds`` is the first wait
    before a server, or a log whose storage fails, is tried again; each further one is longer.
    A render that shows no sign of progress for ``stall_seconds`` is given to another server, and
    a server that keeps failing rests for ``rest_seconds`` at first. Servers that can also score
    the pictures, by ``wish``. Recipes name one of ``templates``, the shipped ones unless given.
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
        stall_seconds: float = 180,
        rest_seconds: float = 15,
        wish: ScoreWish | None = None,
        templates: Templates | None = None,
        new_client: NewClient = ComfyClient,
        rng: np.random.Generator | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        new_backoff = partial(Backoff, rng or np.random.default_rng(), first=retry_seconds)
        self._log = log
        self._configs = list(servers)
        self._servers: dict[str, Server] = {}
        self._dispatcher = Dispatcher(
            self._servers,
            log=log,
            progress=progress,
            new_backoff=new_backoff,
            clock=clock,
            templates=templates or Templates(),
            wish=wish,
        )
        self._line = self._dispatcher.line
        self._news = self._dispatcher.news
        self._overview = Overview(
            self._servers, self._dispatcher.placement, self._dispatcher.eligibility, clock
        )
        self.measured = self._dispatcher.measured
        self._new_client = new_client
        self._new_server = partial(
            Server,
            coordinator=self._dispatcher,
            new_backoff=new_backoff,
            refresh_seconds=refresh_seconds,
            poll_seconds=poll_seconds,
            stall_seconds=stall_seconds,
            rest_seconds=rest_seconds,
            clock=clock,
        )
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by server name; "" settles verdicts
        self._asides: set[str] = set()  # names of the servers that make a picture aside
        self._session: aiohttp.ClientSession | None = None

    @property
    def catalog(self) -> Catalog:
        """What the servers have, those that are offline now included."""
        return self._dispatcher.eligibility.catalog

    def know_files(self, files: Mapping[ModelKind, Mapping[str, FileEntry]]) -> None:
        """Take note of the model files, by catalog name, that the studio can read itself."""
        self._dispatcher.eligibility.know_files(files)
        self._dispatcher.relist()

    def templates_changed(self) -> None:
        """Take note that a template came or went."""
        self._dispatcher.eligibility.templates_changed()
        self._dispatcher.relist()

    async def node_definitions(self, classes: Collection[str]) -> dict[str, dict[str, Any]]:
        """How the servers that are there define these node classes; those none has are left out."""
        return await node_definitions(self._servers, classes)

    async def model_preview(self, record: ModelRecord) -> bytes | None:
        """A picture of a model from the first server that gives one; None where none does."""
        return await model_preview(self._servers, record)

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to connect to the servers; returns at once."""
        self._session = new_session()
        for config in self._configs:
            self._employ(config, self._session)
        self._run("", self._dispatcher.settle())

    async def stop(self) -> None:
        """End all tasks and connections. What servers are making they go on making."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        if self._session is not None:
            await self._session.close()

    def add(self, config: ServerConfig) -> None:
        """Take a server into the fleet; raises InvalidInput when there is one of that name."""
        if config.name in {known.name for known in self._configs}:
            raise InvalidInput(f"There is a server '{config.name}' already.")
        self._configs.append(config)
        if self._session is not None:
            self._dispatcher.changed(self._employ(config, self._session))

    async def remove(self, name: str) -> None:
        """Let a server go; its images are made elsewhere. Raises NotFound."""
        server = self._server(name)
        if server.is_leaving:
            raise NotFound(f"The server '{name}' is being removed already.")
        await server.leave()
        task = self._tasks.pop(name, None)
        if task is not None:  # else the fleet stops
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await server.errands.bring_home()
        del self._servers[name]
        self._configs = [config for config in self._configs if config.name != name]
        self._dispatcher.removed(name)

    def _employ(self, config: ServerConfig, session: aiohttp.ClientSession) -> Server:
        client = self._new_client(config, session)
        server = self._new_server(client, self._dispatcher.lanes[config.name])
        self._servers[config.name] = server
        self._run(config.name, server.run())
        return server

    def _run(self, name: str, run: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(run)
        task.add_done_callback(_report)
        self._tasks[name] = task

    async def wait_ready(self, timeout: float) -> None:
        """Wait until every server has been tried once, at most ``timeout`` seconds."""
        tries = [asyncio.ensure_future(s.tried.wait()) for s in self._servers.values()]
        if tries:
            _, late = await asyncio.wait(tries, timeout=timeout)
            for attempt in late:
                attempt.cancel()

    async def probe(self, config: ServerConfig) -> Probe:
        """Ask a server, in the fleet or not, who it is; raises ServerError."""
        assert self._session is not None, "the fleet is not started"
        return await probe(self._new_client(config, self._session))

    # --- beside the line ---------------------------------------------------------------------

    def is_idle(self, name: str) -> bool:
        """Whether a server could make a small picture now without keeping anybody waiting."""
        server = self._servers.get(name)
        if server is None or not server.is_open or server.breaker.resting:
            return False
        busy = server.errands.all or server.queue.running or server.queue.pending
        return not busy and name not in self._asides and not self._dispatcher.logbook.trouble

    async def render_aside(
        self, name: str, recipe: Recipe, *, patience: float = aside.PATIENCE
    ) -> bytes:
        """The recipe's picture made there at once; no job, kept nowhere, told to nobody.

        It is given up after ``patience`` seconds. Raises NotFound, Conflict for a server that is
        not idle, InvalidInput for a recipe that makes no graph, ServerError.
        """
        self._server(name)
        if self._session is None or not self.is_idle(name):
            raise Conflict(f"{name} has something to do; ask again when it is idle.")
        eligibility, config = self._dispatcher.eligibility, self._config(name)
        graph = eligibility.graph(name, recipe, None, prefix=f"vibes/checks/{uuid4().hex}")
        self._asides.add(name)
        try:
            client = self._new_client(config, self._session)
            return await aside.render(client, graph, patience=patience)
        finally:
            self._asides.discard(name)
            self._dispatcher.rendered_aside(name, recipe.candidate.checkpoint)

    def _config(self, name: str) -> ServerConfig:
        return next(config for config in self._configs if config.name == name)

    # --- use ---------------------------------------------------------------------------------

    def submit(
        self, jobs: Sequence[Job], *, traces: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Let the jobs be made; those it is at work on already are passed over.

        ``traces`` maps job ids to the prompts, by server, under which they were submitted before a
        restart: such a job is looked up there before anybody makes it again.
        """
        at_work = self._at_work()
        new = {job.id: job for job in jobs if job.id not in at_work and job.id not in self._line}
        for job_id in new:
            self._dispatcher.reopen(job_id)
        entries = [self._line.admit(job) for job in new.values()]
        for entry in entries:
            entry.traces.update((traces or {}).get(entry.job.id, {}))
        self._line.put(entries)

    def _at_work(self) -> set[str]:
        """Ids of the jobs that are on a server or have their picture stored."""
        begun = [errand.job for s in self._servers.values() for errand in s.errands.wanted]
        return {job.id for job in begun}

    def forget(self, orphans: Mapping[str, Collection[str]]) -> None:
        """Have prompts that a former run left on servers, and nobody wants, taken off there."""
        self._dispatcher.forget(orphans)

    async def cancel(self, batch_id: str) -> None:
        """Call off what is not collected of the batch; running graphs are interrupted."""
        await self._cancel(lambda job: job.batch_id == batch_id, self._line.of_batch(batch_id))

    async def cancel_job(self, job_id: str) -> None:
        """Call off one job."""
        entry = self._line.find(job_id)
        await self._cancel(lambda job: job.id == job_id, [entry] if entry else [])

    async def _cancel(
        self, concerned: Callable[[Job], bool], waiting: Sequence[WaitingJob]
    ) -> None:
        begun = [s.errands.withdraw(concerned, "cancel") for s in self._servers.values()]
        errands = [errand for several in begun for errand in several]
        for entry in waiting:
            self._line.remove(entry)
        for entry in (*waiting, *(errand.waiting for errand in errands)):
            self._dispatcher.leave_traces(entry)
            self._dispatcher.pronounce(
                entry.job, partial(self._dispatcher.log.cancelled, entry.job)
            )
        await self._dispatcher.write_verdicts()
        for errand in errands:
            errand.hint()

    def pause(self, batch_id: str) -> None:
        """Let nothing more of the batch begin; what runs is finished."""
        self._line.pause(batch_id)
        self._dispatcher.call_back(lambda job: job.batch_id == batch_id, "pause")

    def resume(self, batch_id: str) -> None:
        """Undo ``pause``."""
        self._line.resume(batch_id)

    def arrange(self, places: Mapping[str, Place]) -> None:
        """Give open jobs, by id, new places in the line; a held one that has not begun is kept."""
        for job_id, place in places.items():
            self._line.arrange(job_id, place)
        for server in self._servers.values():
            for errand in server.errands.wanted:
                if errand.job.id in places:
                    errand.waiting.place = places[errand.job.id]
        held = {job_id for job_id, place in places.items() if place.held}
        self._dispatcher.call_back(lambda job: job.id in held, "pause")

    def drain(self, name: str, *, draining: bool = True) -> None:
        """Let a server finish what it has and take nothing new, or take it into use again."""
        server = self._server(name)
        server.draining = draining
        self._dispatcher.changed(server)

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            raise NotFound(f"There is no server '{name}'; there are {', '.join(self._servers)}.")
        return self._servers[name]

    # --- what can be seen --------------------------------------------------------------------

    def scoring_servers(self) -> list[str]:
        """Names of the servers there now that can score by the wanted model."""
        scores = self._dispatcher.eligibility.scores
        return [name for name, server in self._servers.items() if server.online and scores(name)]

    def statuses(self) -> list[ServerStatus]:
        """How every server is doing, in the order they joined."""
        return self._overview.statuses(self._dispatcher.logbook.trouble)

    def standings(self) -> list[Standing]:
        """How every open job is doing: those on servers, then those that wait, in their order."""
        return self._overview.standings()

    def online(self) -> tuple[int, int]:
        """How many servers answer, of how many."""
        return sum(server.online for server in self._servers.values()), len(self._servers)

    def distribution(self, batch_id: str) -> dict[str, int]:
        """How many of the batch's open jobs each server will probably make."""
        return self._overview.distribution(batch_id)

    def seconds_left(self, batch_id: str) -> float | None:
        """Until the batch is done as things stand; None while no speed is known."""
        return self._overview.seconds_left(batch_id)

    def preview(self, image_id: str) -> tuple[bytes, str] | None:
        """The latest preview of an image that is being made, with its media type."""
        return self._news.preview(image_id)

    def preview_url(self, image_id: str) -> str | None:
        """Where that preview is to be had."""
        return self._news.preview_url(image_id)

    def progress_of(self, image_id: str) -> tuple[float, float] | None:
        """How many steps of how many an image that is being made has behind it."""
        return self._news.progress_of(image_id)


def _report(task: asyncio.Task[None]) -> None:
    """A task of the fleet ends only by being cancelled; anything else is a bug to be seen."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A task of the fleet ended", exc_info=error)
