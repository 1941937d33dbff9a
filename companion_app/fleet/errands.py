"""The jobs on one server: begun, followed, withdrawn, and handed on when not made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from uuid import uuid4

from vibes.errors import (
    GraphRefused,
    InvalidInput,
    NotFound,
    OutOfMemory,
    RenderStalled,
    ServerError,
    ServerUnreachable,
    StorageError,
)

from .breaker import Breaker
from .client import ComfyClient
from .coordinator import Coordinator
from .errand import Errand, Withdrawal
from .jobs import FaultKind, Job
from .orphans import Orphans
from .rendering import Rendering
from .replies import QueueState
from .shelves import WaitingJob

logger = logging.getLogger(__name__)

#: Times a server may forget a prompt of one job: the job may be what kills it.
_MOST_LOSSES = 3
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
        rendering: Rendering,
        breaker: Breaker,
        *,
        alarm: Callable[[], None],
        refused: Callable[[], None],
        freed: Callable[[], None],
    ):
        self._server = client.server
        self._client = client
        self._fleet = coordinator
        self._rendering = rendering
        self._breaker = breaker
        self._alarm = alarm
        self._refused = refused
        self._freed = freed
        self._errands: dict[str, Errand] = {}  # by prompt id
        self._tasks: dict[asyncio.Task[None], Errand] = {}
        self._orphans = Orphans(client, gone=self._orphan_gone)
        self._cut_short: list[Errand] = []  # those that ``stop`` found unfinished

    # --- what the server asks ----------------------------------------------------------------

    @property
    def all(self) -> list[Errand]:
        """Every job in hand, oldest first."""
        return list(self._errands.values())

    @property
    def unfinished(self) -> list[Errand]:
        """Jobs the server still has to make, oldest first."""
        return [errand for errand in self._errands.values() if not errand.is_made]

    @property
    def wanted(self) -> list[Errand]:
        """Jobs that have not been called off, their pictures perhaps being stored."""
        return [errand for errand in self._in_hand() if not errand.is_cancelled]

    @property
    def posted(self) -> list[Errand]:
        """Jobs whose prompt the server has and is not known to be done with."""
        return [errand for errand in self._errands.values() if errand.phase == "posted"]

    def get(self, prompt_id: str) -> Errand | None:
        """The errand of a prompt, None for prompts of others."""
        return self._errands.get(prompt_id)

    def begin(
        self, waiting: WaitingJob, prompt_id: str | None = None, *, boot: str | None = None
    ) -> None:
        """Make the job here; with ``prompt_id`` look first whether the server has that prompt.

        ``boot`` is the run of the server, as far as it is known.
        """
        known = prompt_id if prompt_id not in self._errands else None  # else it is being called off
        errand = Errand(
            waiting, known or uuid4().hex, client=self._client, alarm=self._alarm, boot=boot
        )
        self._orphans.adopt(errand.prompt_id)
        self._errands[errand.prompt_id] = errand
        task = asyncio.ensure_future(self._make(errand, known=known is not None))
        self._tasks[task] = errand
        task.add_done_callback(self._ended)

    def withdraw(self, concerned: Callable[[Job], bool], why: Withdrawal) -> list[Errand]:
        """Mark jobs as called off; they come off the server at the next hint."""
        errands = [errand for errand in self._in_hand() if concerned(errand.job)]
        return [errand for errand in errands if errand.withdraw(why)]

    def _in_hand(self) -> list[Errand]:
        return [*self._errands.values(), *self._cut_short]

    def seen(
        self,
        queue: QueueState,
        posted: Collection[Errand],
        *,
        elapsed: float,
        lost_after: Callable[[Errand], float],
        stalled_after: Callable[[Errand], float],
    ) -> None:
        """Tell the errands of a queue that was asked for while ``posted`` were posted."""
        for errand in posted:
            errand.seen(
                queue,
                elapsed=elapsed,
                lost_after=lost_after(errand),
                stalled_after=stalled_after(errand),
            )
        for errand in self._errands.values():
            if errand not in posted:
                errand.hint()  # it may wait for the server to answer again

    def server_went(self) -> None:
        """Stop waiting for its answers."""
        for errand in self._errands.values():
            errand.abandon()

    def disown(self, prompt_ids: Collection[str]) -> None:
        """Nobody wants these prompts, which the server may still have."""
        self._orphans.add(prompt_ids)

    async def tend_orphans(self, queue: QueueState) -> None:
        """Take unwanted prompts off the server."""
        await self._orphans.tend(queue)

    def is_occupied(self, queue: QueueState) -> bool:
        """Whether the server renders something that was given up."""
        return self._orphans.occupy(queue)

    async def stop(self) -> None:
        """Let pictures that are being copied arrive; the others can be found again later."""
        copying = [task for task, errand in self._tasks.items() if errand.is_made]
        if copying:
            await asyncio.wait(copying, timeout=_LAST_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def evict(self, seconds: float) -> None:
        """Take everything off the server, at most for ``seconds``, so that others can make it."""
        for errand in self.withdraw(lambda _: True, "evict"):
            errand.hint()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=seconds)
        self.server_went()  # what did not come off in time is returned as adrift
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=seconds)

    # --- one job -----------------------------------------------------------------------------

    def _ended(self, task: asyncio.Task[None]) -> None:
        errand = self._tasks.pop(task)
        del self._errands[errand.prompt_id]
        self._leave(errand)
        if task.cancelled() and not errand.is_cancelled:
            self._cut_short.append(errand)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s: image %s", self._server, errand.job.id, exc_info=error)
            if not errand.is_cancelled:
                why = f"{self._server}: an internal error, {error!r}"
                self._fleet.give_up(errand.waiting, self._server, why)
        self._freed()

    async def _make(self, errand: Errand, *, known: bool) -> None:
        """One job from take to picture; whatever happens, it ends collected or is handed on."""
        await self._attempt(errand, known=known)
        await self._see_off(errand)

    async def _attempt(self, errand: Errand, *, known: bool) -> None:
        try:
            collected = await self._rendering.run(errand, known=known)
            if collected:
                self._breaker.succeeded()
                self._fleet.collected(errand.waiting)
            else:
                await self._withdrawn(errand)
        except ServerUnreachable as error:  # it is offline: the job moves, but may be found here
            await self._lose(errand, str(error))
        except RenderStalled as error:
            await self._stall(errand, str(error))
        except OutOfMemory as error:
            self._fleet.ran_out_of_memory(self._server, errand.job, str(error))
            await self._refuse(errand, str(error), "memory")
        except GraphRefused as error:
            if self._rendering.distrust(errand):
                await self._return(errand, str(error))
            else:
                await self._refuse(errand, str(error), "refused")
        except (NotFound, InvalidInput) as error:
            await self._refuse(errand, f"{self._server}: {error}", "refused")
        except ServerError as error:
            await self._fail(errand, str(error))
        except StorageError as error:  # a source that cannot be read: no server would do better
            if not errand.is_cancelled:
                self._fleet.give_up(errand.waiting, self._server, str(error))

    async def _withdrawn(self, errand: Errand) -> None:
        """It is off the server: called off, paused, lost or forgotten there."""
        if errand.withdrawal is None and errand.is_announced:
            self._lost(errand)
        await self._return(errand, "It came off the server unmade.")

    async def _see_off(self, errand: Errand) -> None:
        """Have the log know that nothing is left of a job that was called off."""
        left = errand.prompt_id in self._orphans
        if errand.is_cancelled and errand.is_announced and not left:
            await self._write(partial(self._fleet.log.dropped, errand.prompt_id))

    def _lost(self, errand: Errand) -> None:
        losses = errand.waiting.losses
        losses[self._server] = losses.get(self._server, 0) + 1
        if losses[self._server] < _MOST_LOSSES:
            self._fault("lost", f"{self._server} has forgotten the image; it is made anew.", errand)
            return
        why = f"{self._server}: it has forgotten the image {_MOST_LOSSES} times"
        errand.waiting.refusals[self._server] = why
        self._fault("lost", f"{why}.", errand)

    async def _lose(self, errand: Errand, why: str) -> None:
        if errand.phase != "preparing":
            self._orphans.add([errand.prompt_id])
            errand.waiting.traces[self._server] = errand.prompt_id
        await self._return(errand, why, adrift=errand.phase != "preparing")

    async def _stall(self, errand: Errand, why: str) -> None:
        """Whatever hangs there hangs: have it interrupted, and let the server prove itself."""
        self._orphans.add([errand.prompt_id])
        self._breaker.trip()
        self._fleet.relist()
        self._fault("stalled", why, errand)
        self._alarm()
        await self._failed(errand, why, adrift=True)

    async def _refuse(self, errand: Errand, why: str, kind: FaultKind) -> None:
        """Never again here; and as the listing promised otherwise, it is read anew."""
        errand.waiting.refusals[self._server] = why
        self._fault(kind, why, errand)
        self._refused()
        await self._return(errand, why)

    async def _fail(self, errand: Errand, why: str) -> None:
        if errand.phase == "preparing":  # it did not even take the source: no render failed
            await self._refuse(errand, why, "refused")
            return
        self._fault("failed", why, errand)
        if self._breaker.failed():
            self._fleet.relist()
            self._fault("resting", f"{self._server} failed several times in a row and rests.")
        is_unsure = errand.phase in ("posting", "posted")  # the server may have it all the same
        if is_unsure:
            self._orphans.add([errand.prompt_id])
        await self._failed(errand, why, adrift=is_unsure)

    async def _failed(self, errand: Errand, why: str, *, adrift: bool = False) -> None:
        if errand.is_cancelled:
            return
        if await self._returned(errand, why, adrift=adrift):
            self._fleet.render_failed(errand.waiting, self._server, why)

    async def _return(self, errand: Errand, why: str, *, adrift: bool = False) -> None:
        """Give the job back, unless it was called off."""
        if await self._returned(errand, why, adrift=adrift):
            self._fleet.put_back(errand.waiting)

    async def bring_home(self) -> None:
        """Give back what ``stop`` cut short: the server leaves the fleet."""
        while self._cut_short:
            errand = self._cut_short[0]
            await self._return(errand, f"{self._server} was removed.", adrift=True)
            self._cut_short.remove(errand)

    async def _returned(self, errand: Errand, why: str, *, adrift: bool) -> bool:
        """Have the log know that this attempt is over; False if the job is wanted no more."""
        if errand.is_announced and not errand.is_cancelled:
            note = partial(
                self._fleet.log.returned,
                errand.job,
                prompt_id=errand.prompt_id,
                adrift=adrift,
                why=why,
            )
            await self._write(note, unless=lambda: errand.is_cancelled)
        self._leave(errand)
        return not errand.is_cancelled

    def _leave(self, errand: Errand) -> None:
        if not errand.has_left:  # once: by now the same job may be in hand here again
            errand.has_left = True
            self._fleet.left(self._server, errand.job)

    def _orphan_gone(self, prompt_id: str, was_made: bool) -> None:
        if was_made:
            sentence = f"{self._server} finished an image that had been given up: it is discarded."
            self._fault("late", sentence)
        self._fleet.dropped(prompt_id)

    async def _write(
        self, act: Callable[[], Awaitable[None]], *, unless: Callable[[], bool] = lambda: False
    ) -> None:
        try:
            await self._fleet.logbook.write(act, unless=unless)
        except NotFound:
            logger.info("%s: the batch of a prompt is deleted", self._server)

    def _fault(self, kind: FaultKind, sentence: str, errand: Errand | None = None) -> None:
        self._fleet.log.fault(self._server, kind, sentence, errand.job.id if errand else None)
