"""An embedded server as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading

from aiohttp import web

from vibes.errors import Conflict

from .app import create_app
from .models import FULL_LIBRARY, Models

_SHUTDOWN_SECONDS = 0.5  # open replies get this long


def run_embedded(
    port: int,
    *,
    host: str = "127.0.0.1",
    name: str,
    speed: float = 1.0,
    seconds_per_image: float | None = None,
    exit_with_parent: bool = False,
    models: Models = FULL_LIBRARY,
) -> None:
    """Serve until SIGTERM or Ctrl-C; port 0 takes a free one. Says one line when it listens.

    With ``exit_with_parent`` it also ends when standard input does: a parent that keeps the
    other end of a pipe takes the server with it however it dies. Raises Conflict when the port
    is taken.
    """
    application = create_app(
        name=name, speed=speed, seconds_per_image=seconds_per_image, models=models
    )
    asyncio.run(_serve(application, host, port, name, exit_with_parent=exit_with_parent))


async def _serve(
    application: web.Application, host: str, port: int, name: str, *, exit_with_parent: bool
) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if exit_with_parent:
        _stop_on_end_of_input(stop)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        address = await _listen(runner, host, port)
        sys.stdout.write(f"{name} listening on {address}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise Conflict(
            f"Port {port} on {host} cannot be used ({error.strerror}). Choose another port, "
            "or 0 for any free one."
        ) from error
    bound_host, bound_port = runner.addresses[0][:2]
    return f"http://{bound_host}:{bound_port}"


def _stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C end the server cleanly; Windows knows no loop handlers."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)


def _stop_on_end_of_input(stop: asyncio.Event) -> None:
    """Watch standard input from a thread: files and consoles cannot be watched by the loop.

    The descriptor is read without Python's buffer, whose lock would block the exit.
    """
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, daemon=True).start()
