"""One job on one server, from its post to its picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar

from vibes.errors import RenderFailed, ServerUnreachable

from . import pictures
from .client import ComfyClient
from .jobs import Job
from .replies import Finished, QueueState
from .waiting import WaitingJob

T = TypeVar("T")

#: Times a server that is alive may fail to answer one question.
_TRIES = 4

Phase = Literal["preparing", "posting", "posted", "finished", "collected"]
Withdrawal = Literal["cancel", "pause"]


class Errand:
    """Follows one prompt on one server.

    ``phase`` is ``preparing`` until the graph is ready, ``posting`` while it is not sure whether
    the server has it, ``posted`` until the server is done, ``finished`` while the picture is
    copied, ``collected`` once nothing can stop it from being stored. ``alarm`` is called when the
    server does not answer, so that somebody finds out whether it is gone.
    """

    def __init__(
        self,
        waiting: WaitingJob,
        prompt_id: str,
        *,
        client: ComfyClient,
        alarm: Callable[[], None],
    ):
        self.waiting = waiting
        self.prompt_id = prompt_id
        self.phase: Phase = "preparing"
        self.posted_at = 0.0  # seconds of the server's clock
        self.withdrawal: Withdrawal | None = None
        self._client = client
        self._alarm = alarm
        self._news = asyncio.Event()
        self._abandoned = False
        self._absent_since: float | None = None
        self._lost = False

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

    def seen(self, queue: QueueState, *, now: float, lost_after: float) -> None:
        """Take note of a queue that was asked for while the prompt was posted.

        Absent from it twice, ``lost_after`` seconds apart, and from history after that, it is lost.
        """
        if self.prompt_id in queue:
            self._absent_since = None
        elif self._absent_since is None:
            self._absent_since = now
        elif now - self._absent_since >= lost_after:
            self._lost = True
        self.hint()

    def withdraw(self, why: Withdrawal) -> bool:
        """Have the prompt taken off the server at the next hint; False if it is too late.

        A pause lets a prompt that runs finish; a cancel discards even a finished picture.
        """
        too_late = self.is_made if why == "pause" else self.phase == "collected"
        if too_late or self.is_cancelled:
            return False
        self.withdrawal = why
        return True

    def abandon(self) -> None:
        """The server is gone: stop waiting for its answers."""
        self._abandoned = True
        self.hint()

    async def post(self, graph: Mapping[str, Any], *, client_id: str) -> None:
        """Queue the graph; after a doubt the prompt is looked up before it is posted once more."""

        async def post() -> None:
            if self.phase == "posting" and await self._is_known():
                return
            self.phase = "posting"
            await self._client.post_prompt(graph, prompt_id=self.prompt_id, client_id=client_id)

        await self.patiently(post)

    async def end(self) -> Finished | None:
        """Wait until the server is done with the prompt; None if it was withdrawn or lost.

        Raises ``ServerUnreachable`` once abandoned.
        """
        while True:
            if self.withdrawal is not None and await self.patiently(self._is_off):
                return None
            if (finished := await self.patiently(self._look)) is not None:
                return finished
            if self._lost:
                return None
            await self._next_news()

    async def picture(self, finished: Finished, node: str) -> bytes:
        """The picture output node ``node`` saved, verified; ``RenderFailed`` if there is none."""
        if finished.how != "success":
            raise self._failed(finished.message)
        files = finished.files.get(node)
        if not files:
            raise self._failed("it finished without a picture")
        for _ in range(2):  # a transfer may be cut short once
            data = await self.patiently(lambda: self._client.view(files[0]))
            fault = await asyncio.to_thread(pictures.fault_of, data)
            if fault is None:
                return data
        raise self._failed(f"its picture is unusable: {fault}")

    async def patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until there is an answer.

        Raises ``ServerUnreachable`` once the server is given up, and ``RenderFailed`` when it lives
        on but does not answer this even after some tries.
        """
        for _ in range(_TRIES):
            try:
                return await ask()
            except ServerUnreachable as error:
                if self._abandoned:
                    raise
                why = str(error)
                self._alarm()
                await self._next_news()
        raise RenderFailed(why, server=self._client.server)

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
            return await self._look() is None
        if self.is_cancelled:
            await self._client.interrupt(self.prompt_id)
        else:
            self.withdrawal = None
        return False

    async def _next_news(self) -> None:
        await self._news.wait()
        self._news.clear()

    def _failed(self, why: str) -> RenderFailed:
        server = self._client.server
        return RenderFailed(f"{server}: {why.rstrip('.')}.", server=server)
