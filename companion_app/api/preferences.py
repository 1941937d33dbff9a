"""/api/preferences and /api/profiles: what was learned, in and out"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from companion_app.studio import Studio
from companion_app.studio.taste import preference_count
from companion_app.studio.views import View

Limit = Annotated[int, Query(ge=1, le=10_000)]


class LearningRequest(BaseModel):
    """Whether a profile learns."""

    model_config = ConfigDict(extra="forbid")
    learning: bool


def router(studio: Studio) -> APIRouter:
    """Statistics, recommendations, export and import."""
    routes = APIRouter(prefix="/api", tags=["preferences"])

    @routes.get("/preferences/stats")
    async def stats(profile: str | None = None) -> View:
        return studio.learned.stats(profile)

    @routes.get("/preferences/affinities")
    async def affinities(
        type: str = "keyword_checkpoint", profile: str | None = None, limit: Limit = 50
    ) -> list[View]:
        return await studio.learned.affinities(type, profile, limit)

    @routes.get("/preferences/export")
    async def export(profile: str | None = None) -> Response:
        document = await studio.exchange.export(profile)
        return Response(document, media_type="application/json")

    @routes.post("/preferences/import")
    async def import_(request: Request) -> View:
        intake = await studio.exchange.import_document(await request.body())
        return {
            "imported": preference_count(intake.added),
            "left_out": preference_count(intake.left_out),
        }

    @routes.post("/preferences/events")
    async def events(request: Request) -> View:
        intake = await studio.exchange.take_events(await request.body())
        return {"added": len(intake.added), "left_out": len(intake.left_out)}

    @routes.get("/preferences/snapshot")
    async def snapshot(request: Request, profile: str = "default") -> Response:
        snapshot = await studio.exchange.snapshot(profile)
        headers = {"ETag": snapshot.etag}
        if request.headers.get("if-none-match") == snapshot.etag:
            return Response(status_code=304, headers=headers)
        return Response(snapshot.body, media_type="application/json", headers=headers)

    @routes.get("/preferences/recommend/checkpoint")
    async def recommend_checkpoint(
        prompt: str,
        tier: str | None = None,
        available: str | None = None,
        profile: str = "default",
    ) -> View:
        names = [name.strip() for name in (available or "").split(",") if name.strip()]
        return await studio.learned.recommend_checkpoint(prompt, tier, names, profile)

    @routes.get("/preferences/recommend/loras")
    async def recommend_loras(
        prompt: str,
        checkpoint: str,
        count: Annotated[int, Query(ge=1, le=20)] = 3,
        profile: str = "default",
    ) -> list[View]:
        return await studio.learned.recommend_loras(prompt, checkpoint, count, profile)

    @routes.get("/profiles")
    async def profiles() -> list[View]:
        known = await studio.taste.profiles()
        return [{"name": name, "learning": learning} for name, learning in known.items()]

    @routes.put("/profiles/{name}")
    async def set_learning(name: str, request: LearningRequest) -> View:
        await studio.taste.set_learning(name, learning=request.learning)
        return {"name": name, "learning": request.learning}

    return routes
