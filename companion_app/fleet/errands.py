"""The jobs on one server: each posted, followed to its end, and stored or handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

from vibes.errors import (
    GraphRefused,
    InvalidInput,
    NotFound,
    RenderFailed,
    ServerError,
    ServerUnreachable,
    StorageError,
)
from vibes.workflows import Graph, graph_hash

from .backoff import Backoff
from .client import ComfyClient
from .coordinator import Coordinator
from .errand import Errand, Withdrawal
from .pace import Pace
from .replies import Finished, QueueState
from .waiting import WaitingJob

logger = logging.getLogger(__name__)

_STORE_TRIES = 6  # with waits of 1, 2, 4 … seconds between them: about half a minute
_LAST_SECONDS = 3  # for pictures that are being copied when the studio stops


class Errands:
    """Takes jobs in hand for one server and never drops one: it ends collected or is handed on.

    ``alarm`` is called when the server does not answer, ``refused`` when it does not run what its
    listing promised, ``freed`` when it may take another job.
    """

    def __init__(
        self,
        client: ComfyClient,
        coordinator: Coordinator,
        *,
        client_id: Callable[[], str],
        new_backoff: Callable[[], Backoff],
        clock: Callable[[], float],
        alarm: Callable[[], None],
        refused: Callable[[], None],
        freed: Callable[[], None],
    ):
        self.warm: str | None = None  # checkpoint of the last job posted
        self.pace = Pace()
        self._server = client.server
        self._client = client
        self._fleet = coordinator
        self._client_id = client_id
        self._new_backoff = new_backoff
        self._clock = clock
        self._alarm = alarm
        self._refused = refused
        self._freed = freed
        self._errands: dict[str, Errand] = {}  # by prompt id
        self._tasks: dict[asyncio.Task[None], Errand] = {}
        self._orphans: set[str] = set()  # prompt ids the server may still have when it comes back
        self._sources: dict[str, str] = {}  # image id → the name it was uploaded under

    # --- what the server asks ----------------------------------------------------------------

    @property
    def unfinished(self) -> list[Errand]:
        """Jobs the server still has to make, oldest first."""
        return [errand for errand in self._errands.values() if not errand.is_made]

    @property
    def wanted(self) -> list[Errand]:
        """Jobs that have not been called off, their pictures perhaps being stored."""
        return [errand for errand in self._errands.values() if not errand.is_cancelled]

    @property
    def posted(self) -> list[Errand]:
        """Jobs whose prompt the server has and is not known to be done with."""
        return [errand for errand in self._errands.values() if errand.phase == "posted"]

    def get(self, prompt_id: str) -> Errand | None:
        """The errand of a prompt, None for prompts of others."""
        return self._errands.get(prompt_id)

    def begin(self, waiting: WaitingJob, prompt_id: str | None = None) -> None:
        """Make the job here; with ``prompt_id`` look first whether the server has that prompt."""
        known = prompt_id if prompt_id not in self._errands else None  # else it is being called off
        errand = Errand(waiting, known or uuid4().hex, client=self._client, alarm=self._alarm)
        self._errands[errand.prompt_id] = errand
        task = asyncio.ensure_future(self._make(errand, known=known is not None))
        self._tasks[task] = errand
        task.add_done_callback(self._ended)

    def withdraw(self, batch_id: str, why: Withdrawal) -> list[Errand]:
        """Mark the batch's jobs as called off; they come off the server at the next hint."""
        errands = [e for e in self._errands.values() if e.job.batch_id == batch_id]
        return [errand for errand in errands if errand.withdraw(why)]

    def seen(self, queue: QueueState, posted: list[Errand], *, lost_after: float) -> None:
        """Tell the errands of a queue that was asked for while ``posted`` were posted."""
        now = self._clock()
        for errand in posted:
            errand.seen(queue, now=now, lost_after=lost_after)
        for errand in self._errands.values():
            errand.hint()

    def server_came(self) -> None:
        """It may have been started anew: nothing is loaded or uploaded there any more."""
        self._sources.clear()
        self.warm = None

    def server_went(self) -> None:
        """Stop waiting for its answers."""
        for errand in self._errands.values():
            errand.abandon()

    async def drop_orphans(self) -> None:
        """Take off what was given up when the server was lost and has been made elsewhere since."""
        for prompt_id in self._orphans - self._errands.keys():
            await self._client.delete_pending(prompt_id)
            await self._client.interrupt(prompt_id)
        self._orphans.clear()

    async def stop(self) -> None:
        """Let pictures that are being copied arrive; the others can be found again later."""
        copying = [task for task, errand in self._tasks.items() if errand.is_made]
        if copying:
            await asyncio.wait(copying, timeout=_LAST_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- one job -----------------------------------------------------------------------------

    def _ended(self, task: asyncio.Task[None]) -> None:
        errand = self._tasks.pop(task)
        del self._errands[errand.prompt_id]
        self._fleet.done_with(errand.job)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s: image %s", self._server, errand.job.id, exc_info=error)
            self._failed(errand, f"{self._server}: an internal error, {error!r}")
        self._freed()

    async def _make(self, errand: Errand, *, known: bool) -> None:
        """One job from take to picture; whatever happens, it ends collected or is handed on."""
        try:
            await self._render(errand, known=known)
        except ServerUnreachable:  # it is offline: the job moves, but may be found here again
            if errand.phase != "preparing":
                self._orphans.add(errand.prompt_id)
                errand.waiting.traces[self._server] = errand.prompt_id
            self._return(errand)
        except GraphRefused as error:
            self._refuse(errand, str(error))
        except (NotFound, InvalidInput) as error:
            self._refuse(errand, f"{self._server}: {error}")
        except (RenderFailed, ServerError) as error:
            self._failed(errand, str(error))
        except StorageError as error:  # no server is to blame, and no other one would do better
            if not errand.is_cancelled:
                self._fleet.give_up(errand.job, self._server, str(error))

    async def _render(self, errand: Errand, *, known: bool) -> None:
        graph = await self._graph(errand)
        if known:
            self._mark_posted(errand)
        else:
            await self._post(errand, graph)
        finished = await errand.end() if errand.phase == "posted" else None
        if finished is None:
            self._return(errand)
            return
        self._mark_finished(errand, finished)
        if errand.is_cancelled:
            return
        data = await errand.picture(finished, graph.output_node)
        if not errand.is_cancelled:
            errand.phase = "collected"
            await self._record(
                lambda: self._fleet.log.collected(errand.job, server=self._server, data=data)
            )

    async def _post(self, errand: Errand, graph: Graph) -> None:
        """Announce and post; a job withdrawn, or not announced, before that is not posted."""
        if errand.withdrawal is not None:
            return
        attempt = errand.waiting.attempts + 1
        announce = partial(
            self._fleet.log.submitted,
            errand.job,
            server=self._server,
            prompt_id=errand.prompt_id,
            graph_hash=graph_hash(graph),
            attempt=attempt,
        )
        try:
            await self._record(announce)
        except StorageError:  # it costs nothing to wait until the storage works again
            return
        errand.waiting.attempts = attempt
        if errand.withdrawal is not None:
            return
        await errand.post(graph.graph, client_id=self._client_id())
        self._mark_posted(errand)

    async def _record(self, act: Callable[[], Awaitable[None]]) -> None:
        """Have the log write; a storage that fails is tried again before its error is raised."""
        backoff = self._new_backoff()
        for _ in range(_STORE_TRIES - 1):
            try:
                return await act()
            except StorageError as error:
                logger.warning("%s waits for the storage: %s", self._server, error)
                await backoff.wait()
        return await act()

    def _mark_posted(self, errand: Errand) -> None:
        errand.phase = "posted"
        errand.posted_at = self._clock()
        self.warm = errand.waiting.checkpoint

    def _mark_finished(self, errand: Errand, finished: Finished) -> None:
        errand.phase = "finished"
        if finished.how == "success":
            self.pace.finished(posted=errand.posted_at, now=self._clock())
        self._freed()

    def _refuse(self, errand: Errand, why: str) -> None:
        """Never again here; and as the listing promised otherwise, it is read anew."""
        errand.waiting.refusals[self._server] = why
        self._refused()
        self._return(errand)

    def _failed(self, errand: Errand, message: str) -> None:
        if not errand.is_cancelled:
            self._fleet.render_failed(errand.waiting, self._server, message)

    def _return(self, errand: Errand) -> None:
        """Give the job back, unless it was called off."""
        if not errand.is_cancelled:
            self._fleet.put_back(errand.waiting)

    async def _graph(self, errand: Errand) -> Graph:
        """The job's graph in this server's words, its source picture uploaded first."""
        source = errand.job.recipe.source
        if source is not None and source not in self._sources:
            data = await self._fleet.log.source_bytes(source)
            self._sources[source] = await errand.patiently(
                lambda: self._client.upload_image(f"{source}.png", data)
            )
        return self._fleet.build(
            self._server, errand.job, self._sources[source] if source else None
        )
