"""Puts an embedded server together as an aiohttp application."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from aiohttp import web

from .folders import Folders
from .machine import Machine, Pace, Scorer
from .model_routes import model_routes
from .models import FULL_LIBRARY, Models
from .pictures import draw, plain
from .routes import refuse_foreign_origin, routes
from .server import SERVER, EmbeddedServer
from .sockets import SERVER_FEATURES


def create_app(
    *,
    name: str,
    speed: float = 1.0,
    render: bool = True,
    seconds_per_image: float | None = None,
    models: Models = FULL_LIBRARY,
    faults: Collection[str] = (),
    pack: bool = False,
    scorer: Scorer | None = None,
) -> web.Application:
    """An application that answers like ComfyUI; its files live as long as it runs.

    ``speed`` 2 is twice as fast. Without ``render`` pictures are small and plain.
    ``seconds_per_image`` fixes the time of every picture and implies plain pictures. A prompt
    that contains one of ``faults`` fails in the sampler. With ``pack`` it has this project's nodes;
    the one that scores passes pictures on without a score where no ``scorer`` is lent to it.
    """
    draws = render and seconds_per_image is None
    application = web.Application(
        middlewares=[refuse_foreign_origin], client_max_size=SERVER_FEATURES["max_upload_size"]
    )

    async def live(application: web.Application) -> AsyncIterator[None]:
        with tempfile.TemporaryDirectory(prefix="vibes-embedded-") as root:
            folders = Folders(Path(root))
            folders.create()
            server = EmbeddedServer(
                Machine(
                    name=name,
                    models=models,
                    folders=folders,
                    pace=Pace(speed, seconds_per_image),
                    painter=draw if draws else plain,
                    faults=frozenset(faults),
                    has_pack=pack,
                    scorer=scorer,
                )
            )
            application[SERVER] = server
            tasks = [asyncio.create_task(t) for t in (server.work(), server.sockets.publish())]
            yield
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def close_sockets(application: web.Application) -> None:
        await application[SERVER].sockets.close()

    application.cleanup_ctx.append(live)
    application.on_shutdown.append(close_sockets)
    for route in (*routes, *model_routes):
        if isinstance(route, web.RouteDef):
            for path in (route.path, f"/api{route.path}"):
                application.router.add_route(route.method, path, route.handler, **route.kwargs)
    return application
