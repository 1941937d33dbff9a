"""One job on one server, from its post to its picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, TypeVar

from vibes.errors import (
    NotComfyUI,
    OutOfMemory,
    RenderFailed,
    RenderStalled,
    ServerUnreachable,
)

from .client import ComfyClient
from .jobs import Job
from .replies import Finished, QueueState
from .shelves import WaitingJob

T = TypeVar("T")

#: Seconds between the times a server that is alive is asked one question.
_PAUSES = (0.1, 0.5, 2.0)

Phase = Literal["preparing", "posting", "posted", "finished", "collected"]
#: ``cancel``: discard it. ``pause``: give it back unless it runs. ``evict``: give it back, running
#: or not.
Withdrawal = Literal["cancel", "pause", "evict"]


class Errand:
    """Follows one prompt on one server.

    ``phase`` is ``preparing`` until the graph is ready, ``posting`` while it is not sure whether
    the server has it, ``posted`` until the server is done, ``finished`` while the picture is
    copied, ``collected`` once nothing can stop it from being stored. ``alarm`` is called when the
    server does not answer, so that somebody finds out whether it is gone. ``boot`` is the run of
    the server it was begun in, where that is known.
    """

    def __init__(
        self,
        waiting: WaitingJob,
        prompt_id: str,
        *,
        client: ComfyClient,
        alarm: Callable[[], None],
        boot: str | None = None,
    ):
        self.waiting = waiting
        self.prompt_id = prompt_id
        self.boot = boot
        self.phase: Phase = "preparing"
        self.has_left = False  # the server, as far as the fleet's bookkeeping goes
        self.trusts_upload = False  # whether its source was uploaded for an earlier job
        self.is_announced = False  # whether the log has heard of this attempt
        self.is_running = False  # as far as it is known
        self.withdrawal: Withdrawal | None = None
        self._client = client
        self._alarm = alarm
        self._news = asyncio.Event()
        self._abandoned: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._absent: float | None = None  # seconds since it was seen to be missing in the queue
        self._quiet = 0.0  # seconds it has run without a sign of progress
        self._lost = False
        self._stalled = False

    @property
    def job(self) -> Job:
        """The job it is about."""
        return self.waiting.job

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants the picture any more."""
        return self.withdrawal == "cancel"

    @property
    def is_made(self) -> bool:
        """Whether the server is done with it."""
        return self.phase in ("finished", "collected")

    def hint(self) -> None:
        """Something may have happened to the prompt: look."""
        self._news.set()

    def progressed(self) -> None:
        """The server told something of this prompt: it runs, and it is alive."""
        self.is_running = True
        self._quiet = 0.0

    def seen(
        self, queue: QueueState, *, elapsed: float, lost_after: float, stalled_after: float
    ) -> None:
        """Take note of a queue that was asked for ``elapsed`` seconds after the one before it.

        Absent from it for ``lost_after`` seconds, and from history after that, it is lost; running
        for ``stalled_after`` seconds without a sign of progress, or waiting so long while nothing
        runs there, it is stalled. Time is added up from poll to poll, so that a machine that slept
        has not seen its prompts stall.
        """
        was_running, self.is_running = self.is_running, self.prompt_id in queue.running
        is_idle = not queue.running and self.prompt_id in queue.pending  # nobody serves its queue
        self._quiet = self._quiet + elapsed if (was_running and self.is_running) or is_idle else 0.0
        self._stalled = self._quiet >= stalled_after
        if self.prompt_id in queue:
            self._absent = None
        else:
            self._absent = 0.0 if self._absent is None else self._absent + elapsed
            self._lost = self._lost or self._absent >= lost_after
        if self._absent is not None or self._stalled or self.withdrawal is not None:
            self.hint()

    def withdraw(self, why: Withdrawal) -> bool:
        """Have the prompt taken off the server at the next hint; False if it is too late.

        A cancel discards even a finished picture, unless the log has it already.
        """
        if self.is_cancelled or (why != "cancel" and self.is_made):
            return False
        self.withdrawal = why
        return self.phase != "collected"

    def abandon(self) -> None:
        """The server is gone: stop waiting for its answers."""
        if not self._abandoned.done():
            self._abandoned.set_result(None)
        self.hint()

    async def post(
        self,
        graph: Mapping[str, Any],
        *,
        client_id: str,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue the graph; after a doubt the prompt is looked up before it is posted once more."""

        async def post() -> None:
            if self.phase == "posting" and (await self._is_known() or self.withdrawal is not None):
                return
            self.phase = "posting"
            await self._client.post_prompt(
                graph,
                prompt_id=self.prompt_id,
                client_id=client_id,
                extra_pnginfo=extra_pnginfo,
            )

        await self.patiently(post)

    async def end(self, *, known: bool) -> Finished | None:
        """Wait until the server is done with the prompt; None if it was withdrawn or lost.

        With ``known`` it may be done already. Raises ``ServerUnreachable`` once abandoned,
        ``RenderStalled`` when nothing happens.
        """
        if not known:
            await self._next_news()  # it cannot be done before the server tells of anything
        while True:
            if self.withdrawal is not None and await self.patiently(self._is_off):
                return None
            if (finished := await self.patiently(self._look)) is not None:
                ours = self.withdrawal is not None and finished.how == "interrupted"
                return None if ours else finished
            if self._lost:
                return None
            if self._stalled:
                raise RenderStalled(
                    f"{self._client.server} accepted the image but shows no progress with it.",
                    server=self._client.server,
                )
            await self._next_news()

    async def picture(self, finished: Finished, node: str) -> bytes:
        """What output node ``node`` saved, as it is; ``RenderFailed`` if there is none."""
        if finished.how == "memory":
            why = self.sentence(f"it ran out of memory over the image ({finished.message})")
            raise OutOfMemory(why, server=self._client.server)
        if finished.how != "success":
            raise self.failure(finished.message)
        files = finished.files.get(node)
        if not files:
            raise self.failure("it finished without a picture")
        return await self.patiently(lambda: self._client.view(files[0]))

    async def patiently(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Ask until there is an answer.

        Raises ``ServerUnreachable`` once the server is given up, and ``RenderFailed`` when it lives
        on but does not answer this even after some tries.
        """
        for pause in (*_PAUSES, 0.0):
            try:
                return await self._unless_abandoned(ask())
            except (ServerUnreachable, NotComfyUI) as error:
                if self._abandoned.done():
                    raise self._gone() from error
                why = str(error)
                self._alarm()
                await asyncio.wait([self._abandoned], timeout=pause)
        raise RenderFailed(why, server=self._client.server)

    async def _unless_abandoned(self, answer: Coroutine[Any, Any, T]) -> T:
        """The answer, unless the server is given up first: a dead one may take its time."""
        asking = asyncio.ensure_future(answer)
        try:
            either: set[asyncio.Future[Any]] = {asking, self._abandoned}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise self._gone()
            return asking.result()
        finally:
            asking.cancel()

    def _gone(self) -> ServerUnreachable:
        server = self._client.server
        return ServerUnreachable(f"{server} went away with the image.", server=server)

    async def _is_known(self) -> bool:
        """Whether the server has the prompt in its queue or its history."""
        queue = await self._client.queue()
        return self.prompt_id in queue or await self._look() is not None

    async def _look(self) -> Finished | None:
        return await self._client.finished(self.prompt_id)

    async def _is_off(self) -> bool:
        """Try to take the prompt off the server: whether it is neither queued nor finished."""
        await self._client.delete_pending(self.prompt_id)
        queue = await self._client.queue()  # deleting gives no receipt
        if self.prompt_id not in queue:
            finished = await self._look()
            return finished is None or finished.how == "interrupted"
        if self.withdrawal == "pause":
            self.withdrawal = None
        else:
            await self._client.interrupt(self.prompt_id)
        return False

    async def _next_news(self) -> None:
        await self._news.wait()
        self._news.clear()
        if self._abandoned.done():
            raise self._gone()

    def failure(self, why: str) -> RenderFailed:
        """The error that ends this render."""
        return RenderFailed(self.sentence(why), server=self._client.server)

    def sentence(self, why: str) -> str:
        """Why, with the server's name before it."""
        return f"{self._client.server}: {why.rstrip('.')}."
