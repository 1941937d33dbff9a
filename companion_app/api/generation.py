"""/api/analyze, /api/plan, /api/generate, /api/iterate, /api/compare"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from companion_app.studio import Studio
from companion_app.studio.generating import Launched
from companion_app.studio.requests import (
    BatchRequest,
    CompareRequest,
    ImageRequest,
    IterateRequest,
    PromptRequest,
    RejectRequest,
    VerdictRequest,
)
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """Making grids from prompts and from picks."""
    routes = APIRouter(prefix="/api", tags=["generation"])

    @routes.post("/plan")
    async def plan(request: BatchRequest) -> View:
        return await studio.generating.plan(request)

    @routes.post("/analyze")
    async def analyze(request: PromptRequest) -> View:
        return studio.generating.analyse(request.prompt)

    @routes.post("/generate", status_code=202)
    async def generate(request: ImageRequest) -> View:
        return _launched(await studio.generating.generate(request, 1))

    @routes.post("/generate/batch", status_code=202)
    async def generate_batch(request: BatchRequest) -> View:
        return _launched(await studio.generating.generate(request, request.count))

    @routes.post("/iterate", status_code=202)
    async def iterate(request: IterateRequest) -> View:
        return _launched(await studio.iterating.iterate(request))

    @routes.post("/iterate/reject-all")
    async def reject_all(request: RejectRequest) -> View:
        return await studio.iterating.reject_all(request)

    @routes.post("/compare", status_code=202)
    async def compare(request: CompareRequest) -> View:
        launched = await studio.comparing.compare(request)
        return {"session_id": launched.grid.session_id, **_launched(launched)}

    @routes.post("/compare/{batch_id}/verdict")
    async def verdict(batch_id: str, request: VerdictRequest) -> View:
        recorded = await studio.comparing.verdict(batch_id, request.better)
        return {"recorded": recorded}

    return routes


def _launched(launched: Launched) -> dict[str, Any]:
    return {
        "batch_id": launched.grid.id,
        "stage": launched.grid.stage,
        "total_count": len(launched.grid.images),
        "gpu_distribution": launched.distribution,
    }
