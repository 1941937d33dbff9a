"""/api/bin"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from companion_app.studio import Studio
from companion_app.studio.requests import BinRequest, ImagesRequest
from companion_app.studio.views import View

Some = Annotated[ImagesRequest | None, Body()]


def router(studio: Studio) -> APIRouter:
    """Pictures put aside; without a list of images, restoring and deleting mean all of them."""
    routes = APIRouter(prefix="/api/bin", tags=["bin"])

    @routes.post("")
    async def put(request: BinRequest) -> View:
        return await studio.bin.put(request)

    @routes.get("")
    async def everything() -> list[View]:
        return await studio.bin.all()

    @routes.post("/restore")
    async def restore(request: Some = None) -> View:
        return await studio.bin.restore(request.images if request else None)

    @routes.delete("")
    async def empty(request: Some = None) -> View:
        return await studio.bin.empty(request.images if request else None)

    return routes
