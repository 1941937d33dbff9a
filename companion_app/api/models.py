"""/api/loras, /api/checkpoints, /api/pools, /api/blocks: the models, and which may be chosen"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from companion_app.studio import Studio
from companion_app.studio.catalog import LoraState
from companion_app.studio.requests import (
    BlockRequest,
    BlocksRequest,
    LoraTestRequest,
    PoolEditRequest,
)
from companion_app.studio.views import View
from vibes.catalog import ModelKind

Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
HOUR = {"Cache-Control": "private, max-age=3600"}


def router(studio: Studio) -> APIRouter:
    """What there is, what it did, and what may be chosen by itself."""
    routes = APIRouter(prefix="/api", tags=["models"])

    @routes.get("/loras")
    async def loras(
        response: Response,
        query: str = "",
        base_model: str | None = None,
        tag: str | None = None,
        state: LoraState | None = None,
        profile: str | None = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> list[View]:
        page = studio.catalog.loras(
            query,
            base_model,
            tag=tag,
            state=state,
            profile=profile,
            limit=limit,
            offset=offset,
        )
        response.headers["X-Total-Count"] = str(page.total)
        return page.views

    @routes.get("/loras/facets")
    async def facets() -> View:
        return studio.catalog.lora_facets()

    @routes.post("/loras/test")
    async def test(request: LoraTestRequest) -> View:
        return await studio.recommending.test(request)

    @routes.put("/loras/block")
    async def block(request: BlockRequest) -> View:
        record = studio.fleet.catalog.resolve("lora", request.name)
        return await studio.blocking.block_lora(record, request.profile, blocked=request.blocked)

    @routes.get("/blocks")
    async def blocks(profile: str = "default") -> View:
        return await studio.blocking.view(profile)

    @routes.put("/blocks")
    async def set_blocks(request: BlocksRequest, profile: str = "default") -> View:
        return await studio.blocking.replace(profile, request)

    @routes.get("/checkpoints")
    async def checkpoints(profile: str | None = None) -> list[View]:
        return studio.catalog.checkpoints(profile)

    @routes.get("/checkpoints/stats")
    async def checkpoint_stats() -> dict[str, View]:
        return studio.catalog.checkpoint_stats()

    @routes.get("/pools")
    async def pools() -> list[View]:
        return studio.pools.all()

    @routes.put("/pools/{tier}")
    async def edit_pool(tier: str, request: PoolEditRequest) -> View:
        return await studio.pools.edit(tier, request.checkpoint, request.member)

    @routes.get("/models/{kind}/preview", response_class=Response)
    async def preview(kind: ModelKind, name: str) -> Response:
        data = await studio.catalog.preview(kind, name)
        return Response(data, media_type=_media_type(data), headers=HOUR)

    return routes


def _media_type(data: bytes) -> str:
    """What the first bytes say; anything else is not shown by a browser."""
    for start, media_type in (
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"RIFF", "image/webp"),
    ):
        if data.startswith(start):
            return media_type
    return "application/octet-stream"
