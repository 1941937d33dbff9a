"""/api/gpus"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from companion_app.studio import Studio
from companion_app.studio.requests import ProbeRequest, ServerRequest
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """The servers: how they do, and adding, testing, removing, draining them."""
    routes = APIRouter(prefix="/api/gpus", tags=["servers"])

    @routes.get("")
    async def all_servers() -> list[View]:
        return studio.servers.all()

    @routes.post("", status_code=201)
    async def add(request: ServerRequest) -> View:
        return await studio.servers.add(request)

    @routes.post("/test")
    async def test(request: ProbeRequest) -> View:
        return await studio.servers.test(request)

    @routes.delete("/{name}", status_code=204)
    async def remove(name: str) -> None:
        await studio.servers.remove(name)

    @routes.post("/{name}/drain")
    async def drain(name: str) -> View:
        return await studio.servers.drain(name, draining=True)

    @routes.post("/{name}/use")
    async def use(name: str) -> View:
        return await studio.servers.drain(name, draining=False)

    @routes.get("/{name}/faults")
    async def faults(name: str, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[View]:
        return await studio.servers.faults(name, limit)

    return routes
