"""/api/queue"""

from __future__ import annotations

from fastapi import APIRouter

from companion_app.studio import Studio
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """What waits and runs; it is changed by way of its batches and images."""
    routes = APIRouter(prefix="/api/queue", tags=["queue"])

    @routes.get("")
    async def queue() -> View:
        return await studio.queue.view()

    return routes
