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

_HEARTBEAT = 25.0  # seconds; the server itself never pings


class Listener:
    """Keeps one socket open and hands on every message understood.

    Nothing depends on it: a lost socket only means that news comes with the next poll. Every
    connection gets a fresh ``client_id``, because a server that sees one id twice falls silent on
    the newer connection when the older one goes.
    """

    def __init__(
        self,
        client: ComfyClient,
        session: aiohttp.ClientSession,
        *,
        on_message: Callable[[wire.Message], None],
        on_connection: Callable[[], None],
        backoff: Backoff,
    ):
        self.client_id = uuid4().hex
        self._client = client
        self._session = session
        self._on_message = on_message
        self._on_connection = on_connection  # made or lost: events may have been missed
        self._backoff = backoff

    async def run(self) -> None:
        """Listen until cancelled, connecting again whenever the socket goes."""
        while True:
            # Polling goes on meanwhile, and it is what judges the server.
            with suppress(aiohttp.ClientError, asyncio.TimeoutError, OSError):
                await self._listen()
            self._on_connection()
            await self._backoff.wait()

    async def _listen(self) -> None:
        self.client_id = uuid4().hex
        async with self._session.ws_connect(
            f"{self._client.base}/ws",
            params={"clientId": self.client_id},
            headers=self._client.headers,
            heartbeat=_HEARTBEAT,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),  # a dead peer does not say goodbye
            max_msg_size=0,  # results of large graphs pass any limit one could set
        ) as socket:
            await socket.send_str(wire.FEATURE_FLAGS)
            self._backoff.reset()
            self._on_connection()
            async for frame in socket:
                if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    self._hand_on(frame.data)

    def _hand_on(self, data: str | bytes) -> None:
        if (message := wire.parse(data)) is not None:
            self._on_message(message)
