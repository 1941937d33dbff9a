"""/api/quality"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from companion_app.studio import Studio
from companion_app.studio.requests import MAX_PROMPT
from companion_app.studio.views import View

Prompt = Annotated[str, Query(max_length=MAX_PROMPT)]


def router(studio: Studio) -> APIRouter:
    """Whether pictures show what was asked, over many of them; without a session, over all."""
    routes = APIRouter(prefix="/api/quality", tags=["quality"])
    quality = studio.quality

    @routes.get("")
    async def overview(session_id: str | None = None, profile: str | None = None) -> View:
        return await quality.overview(session_id, profile)

    @routes.get("/prompts")
    async def prompts(session_id: str | None = None) -> list[dict[str, Any]]:
        return await quality.prompts(session_id)

    @routes.get("/compare")
    async def compare(a: Prompt, b: Prompt) -> View:
        return await quality.compare(a, b)

    return routes
