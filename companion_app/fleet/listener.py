"""The WebSocket to one server: early news of what history will confirm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import aiohttp

from . import wire
from .backoff import Backoff
from .client import ComfyClient


class Listener:
    """Keeps one socket open and hands on every message understood.

    Nothing depends on it: a lost socket only means that news comes with the next poll. Every
    connection gets a fresh ``client_id``, because a server that sees one id twice falls silent on
    the newer connection when the older one goes.
    """

    def __init__(
        self,
        client: ComfyClient,
        *,
        on_message: Callable[[wire.Message], None],
        on_connection: Callable[[], None],
        backoff: Backoff,
    ):
        self.client_id = uuid4().hex
        self.connected = False
        self._client = client
        self._on_message = on_message
        self._on_connection = on_connection  # made or lost: events may have been missed
        self._backoff = backoff

    async def run(self) -> None:
        """Listen until cancelled, connecting again whenever the socket goes."""
        while True:
            # Polling goes on meanwhile, and it is what judges the server.
            with suppress(aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError):
                await self._listen()
            self._on_connection()
            await self._backoff.wait()

    async def _listen(self) -> None:
        self.client_id = uuid4().hex
        async with self._client.listen(self.client_id) as frames:
            self._backoff.reset()
            self.connected = True
            self._on_connection()
            try:
                async for frame in frames:
                    if (message := wire.parse(frame)) is not None:
                        self._on_message(message)
            finally:
                self.connected = False
