"""One more render server, for pages to add, lose and quarrel with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from companion_app.embedded.app import create_app
from companion_app.embedded.models import FULL_LIBRARY, Models

DOOMED = "doomed"
"""A prompt with this word fails on the spare server."""


@contextmanager
def spare_server(models: Models = FULL_LIBRARY, **pace: float) -> Iterator[str]:
    """Address of a render server that lives as long as the context, in a thread of its own.

    ``pace`` is how ``create_app`` is told it; a picture takes 0.3 seconds unless it says otherwise.
    """
    loop = asyncio.new_event_loop()
    pace = pace or {"seconds_per_image": 0.3}
    application = create_app(name="spare", faults=[DOOMED], models=models, **pace)
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(_listen(runner), loop).result(20)
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _listen(runner: web.AppRunner) -> int:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1])
