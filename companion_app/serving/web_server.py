"""Uvicorn as a studio needs it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import FrameType

import uvicorn
from fastapi import FastAPI

from companion_app.studio import Studio

from .connection import Connection

GRACE_SECONDS = 3
"""How long open connections may finish at shutdown; an event stream would hold it for ever."""


class WebServer(uvicorn.Server):
    """Uvicorn that says when it is ready and ends the event streams as soon as it must stop.

    It enters the application's lifespan itself: Uvicorn would log why that failed, not raise it.
    """

    def __init__(self, app: FastAPI, on_ready: Callable[[], object]):
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                log_level="error",  # its warnings are written by whoever sends it nonsense
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ws="none",
                lifespan="off",
            )
        )
        self._studio: Studio = app.state.studio
        self._lifespan = app.router.lifespan_context(app)
        self._entered = AsyncExitStack()
        self._on_ready = on_ready

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Run until told to stop."""
        self._loop = asyncio.get_running_loop()
        async with self._entered:  # left in ``shutdown``, or here where starting up failed
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the studio, then listen."""
        await self._entered.enter_async_context(self._lifespan)
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, then the studio."""
        await super().shutdown(sockets)
        await self._entered.aclose()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at the first signal, at once at the second."""
        self._loop.call_soon_threadsafe(self._studio.progress.close)
        # No more than this: Uvicorn's own would raise the signal again when all has ended.
        self.force_exit = self.should_exit  # asked a second time: no grace for anybody
        self.should_exit = True
