"""/api/preferences and /api/profiles: what was learned, in and out"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from companion_app.studio import Studio
from companion_app.studio.taste import preference_count
from companion_app.studio.views import View
from vibes.preferences import Forget
from vibes.preferences.shared_prior import MIN_GRIDS

Limit = Annotated[int, Query(ge=1, le=10_000)]
MinGrids = Annotated[int, Query(ge=1, le=10_000)]
Text = Annotated[str, Field(max_length=1000)]
"""Bounded, which also refuses what is no Unicode text (lone surrogates)."""
ExportFormat = Literal["json", "jsonl"]


class LearningRequest(BaseModel):
    """Whether a profile learns."""

    model_config = ConfigDict(extra="forbid")
    learning: bool


class ForgetRequest(BaseModel):
    """What to forget, as in Forget; without ``confirm`` only the number of events is told."""

    model_config = ConfigDict(extra="forbid")
    profile: Text | None = None
    checkpoint: Text | None = None
    lora: Text | None = None
    keyword: Text | None = None
    since: Text | None = None
    until: Text | None = None
    batch: Text | None = None
    everything: StrictBool = False
    confirm: StrictBool = False


class UndoRequest(BaseModel):
    """The token that forgetting gave."""

    model_config = ConfigDict(extra="forbid")
    undo: Text


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
    async def export(profile: str | None = None, format: ExportFormat = "json") -> Response:
        if format == "jsonl":
            lines = studio.exchange.export_lines(profile)
            return StreamingResponse(lines, media_type="application/x-ndjson")
        document = await studio.exchange.export(profile)
        return Response(document, media_type="application/json")

    @routes.post("/preferences/import")
    async def import_(request: Request) -> View:
        intake = await studio.exchange.import_file(await request.body())
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
        # One of several, or marked as weak by a proxy that packs: it is the same state.
        if snapshot.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(snapshot.body, media_type="application/json", headers=headers)

    @routes.post("/preferences/rebuild")
    async def rebuild() -> View:
        rebuilt = await studio.taste.rebuild()
        return {**asdict(rebuilt), "same": rebuilt.before == rebuilt.after}

    @routes.post("/preferences/forget")
    async def forget(request: ForgetRequest) -> View:
        selection = Forget(**request.model_dump(exclude={"profile", "confirm"}))
        if request.profile is not None:
            await studio.taste.check(request.profile)
        if not request.confirm:
            return {"count": await studio.taste.concerned(selection, request.profile), "undo": None}
        forgotten = await studio.taste.forget(selection, request.profile)
        return {"count": forgotten.count, "undo": forgotten.token}

    @routes.post("/preferences/undo")
    async def undo(request: UndoRequest) -> View:
        return {"count": await studio.taste.undo(request.undo)}

    @routes.get("/preferences/prior")
    async def prior() -> Response:
        document = await studio.exchange.prior()
        return Response(document or "null", media_type="application/json")

    @routes.post("/preferences/prior")
    async def use_prior(request: Request) -> View:
        return {"features": await studio.exchange.use_prior(await request.body())}

    @routes.delete("/preferences/prior", status_code=204)
    async def drop_prior() -> None:
        await studio.exchange.drop_prior()

    @routes.get("/preferences/prior/build")
    async def build_prior(profile: str = "default", min_grids: MinGrids = MIN_GRIDS) -> Response:
        document = await studio.exchange.build_prior(profile, min_grids)
        return Response(document, media_type="application/json")

    @routes.get("/preferences/recommend/checkpoint")
    async def recommend_checkpoint(
        prompt: str,
        tier: str | None = None,
        available: str | None = None,
        profile: str = "default",
    ) -> View:
        names = [name.strip() for name in (available or "").split(",") if name.strip()]
        return await studio.recommending.checkpoint(prompt, tier, names, profile)

    @routes.get("/preferences/recommend/loras")
    async def recommend_loras(
        prompt: str,
        checkpoint: str,
        count: Annotated[int, Query(ge=1, le=20)] = 3,
        profile: str = "default",
    ) -> list[View]:
        return await studio.recommending.loras(prompt, checkpoint, count, profile)

    @routes.get("/profiles")
    async def profiles() -> list[View]:
        known = await studio.taste.profiles()
        return [{"name": name, "learning": learning} for name, learning in known.items()]

    @routes.put("/profiles/{name}")
    async def set_learning(name: str, request: LearningRequest) -> View:
        await studio.taste.set_learning(name, learning=request.learning)
        return {"name": name, "learning": request.learning}

    return routes
