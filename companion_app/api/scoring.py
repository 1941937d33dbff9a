"""/api/scoring, and what single images show"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from companion_app.studio import Studio
from companion_app.studio.requests import LabelRequest, RescoreRequest
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """Whether pictures are scored, what was found out about each, and the user's word on it."""
    routes = APIRouter(tags=["scoring"])

    @routes.get("/api/scoring")
    async def state() -> View:
        return await studio.scores.view()

    @routes.post("/api/scoring/rescore", status_code=202)
    async def rescore(request: Annotated[RescoreRequest | None, Body()] = None) -> View:
        wanted = request or RescoreRequest()
        return await studio.scores.rescore(wanted.batch_id, wanted.session_id)

    @routes.get("/api/images/{image_id}/adherence")
    async def adherence(image_id: str) -> View:
        return await studio.adherences.detail(image_id)

    @routes.put("/api/images/{image_id}/adherence/labels")
    async def label(image_id: str, request: LabelRequest) -> View:
        return await studio.adherences.label(image_id, request.requirement, request.shown)

    return routes
