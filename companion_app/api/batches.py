"""/api/batches"""

from __future__ import annotations

from fastapi import APIRouter

from companion_app.studio import Studio
from companion_app.studio.requests import MoveRequest, PriorityRequest
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """Grids: their state, their place in the queue, stopping, pausing and retrying them."""
    routes = APIRouter(prefix="/api/batches", tags=["batches"])

    @routes.get("/{batch_id}")
    async def one(batch_id: str) -> View:
        return await studio.grids.get(batch_id)

    @routes.post("/{batch_id}/cancel")
    async def cancel(batch_id: str) -> View:
        return await studio.grids.cancel(batch_id)

    @routes.post("/{batch_id}/pause")
    async def pause(batch_id: str) -> View:
        return await studio.grids.pause(batch_id)

    @routes.post("/{batch_id}/resume")
    async def resume(batch_id: str) -> View:
        return await studio.grids.resume(batch_id)

    @routes.post("/{batch_id}/retry")
    async def retry(batch_id: str) -> View:
        return await studio.grids.retry(batch_id)

    @routes.post("/{batch_id}/move")
    async def move(batch_id: str, request: MoveRequest) -> View:
        return await studio.queue.move_batch(batch_id, request.before)

    @routes.patch("/{batch_id}")
    async def prioritise(batch_id: str, request: PriorityRequest) -> View:
        return await studio.queue.prioritise(batch_id, request.priority)

    return routes
