"""One embedded server: queue, executor and sockets around a pretended machine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web

from .executor import Executor
from .machine import Machine
from .prompt_queue import PromptQueue
from .sockets import Sockets


class EmbeddedServer:
    """The parts of one server, and the worker that serves its queue."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self.started = time.time()
        self.boot = uuid4().hex
        self.sockets = Sockets()
        self.queue = PromptQueue(self._tell_status)
        self.executor = Executor(machine, self.sockets)
        self._numbers = 0

    def next_number(self, *, front: bool) -> int:
        """The place of the next prompt: counted up, or before everything else with ``front``."""
        number = -self._numbers if front else self._numbers
        self._numbers += 1
        return number

    def queue_info(self) -> dict[str, Any]:
        """The reply of ``GET /prompt`` and the content of ``status`` events."""
        return {"exec_info": {"queue_remaining": self.queue.remaining}}

    def greeting(self, client: str) -> list[tuple[str, Mapping[str, Any]]]:
        """What a new socket hears first: its id, and where its own running prompt is."""
        events: list[tuple[str, Mapping[str, Any]]] = [
            ("status", {"status": self.queue_info(), "sid": client})
        ]
        running = self.executor.current
        if running is not None and running.client_id == client and running.node:
            events.append(("executing", {"node": running.node}))
        return events

    async def work(self) -> None:
        """Serve the queue, one prompt at a time, until cancelled.

        The history has a prompt before its client hears the final ``executing`` event.
        """
        while True:
            item = await self.queue.take()
            entry = await self.executor.execute(item)
            self.queue.finish(item, entry)
            client = item.extra_data.get("client_id")
            if client is not None:
                done = {"node": None, "prompt_id": item.prompt_id}
                self.sockets.send("executing", done, to=str(client))

    def _tell_status(self) -> None:
        self.sockets.send("status", {"status": self.queue_info()}, to=None)


SERVER = web.AppKey("SERVER", EmbeddedServer)
