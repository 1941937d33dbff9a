"""The pack's routes in ComfyUI's server, whose own middleware guards them like all others."""

from __future__ import annotations

from threading import Thread

from aiohttp import web

from .catalog_routes import catalog_routes
from .health_routes import health_routes
from .process import sync
from .rating_routes import rating_routes
from .studio_routes import studio_routes
from .workflow_routes import workflow_routes


def register() -> None:
    """Add the routes to ComfyUI's server, if this is one: ComfyUI's modules also run without."""
    from server import PromptServer

    server = getattr(PromptServer, "instance", None)
    if server is None:
        return
    for make in (health_routes, catalog_routes, rating_routes, studio_routes, workflow_routes):
        for route in make():
            server.routes.route(route.method, route.path)(route.handler)
    server.app.on_startup.append(_begin)


async def _begin(_: web.Application) -> None:
    """Once the server listens; what begins here has threads of its own and nobody waits for it."""
    Thread(target=sync, name="vibes-begin", daemon=True).start()
