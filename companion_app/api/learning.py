"""/api/learning: what was learned, as people look at it"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from companion_app.studio import Studio
from companion_app.studio.heatmaps import MapKind
from companion_app.studio.intentions import Mode
from companion_app.studio.requests import MAX_PROMPT
from companion_app.studio.views import View

Prompt = Annotated[str, Query(max_length=MAX_PROMPT)]


def router(studio: Studio) -> APIRouter:
    """The dashboards; without a profile they show all profiles together."""
    routes = APIRouter(prefix="/api/learning", tags=["learning"])
    dashboard = studio.dashboard

    @routes.get("/overview")
    async def overview(profile: str | None = None) -> View:
        return await dashboard.overview(profile)

    @routes.get("/map")
    async def heat_map(kind: MapKind = "keyword_checkpoint", profile: str | None = None) -> View:
        return await dashboard.heat_map(kind, profile)

    @routes.get("/strengths")
    async def strengths(profile: str | None = None) -> View:
        return await dashboard.strengths(profile)

    @routes.get("/recent")
    async def recent(profile: str | None = None) -> View:
        return await dashboard.recent(profile)

    @routes.get("/effect")
    async def effect(profile: str | None = None) -> View:
        return await dashboard.effect(profile)

    @routes.get("/style")
    async def style(profile: str | None = None) -> View:
        return await dashboard.style(profile)

    @routes.get("/would-choose")
    async def would_choose(
        prompt: Prompt, tier: str | None = None, mode: Mode = "explore", profile: str = "default"
    ) -> View:
        return await dashboard.would_choose(prompt, tier, mode, profile)

    @routes.get("/rating")
    async def rating(image: str) -> View:
        return dashboard.rating(image)

    return routes
