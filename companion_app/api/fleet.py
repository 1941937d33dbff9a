"""/health, /api/gpus, /api/loras, /api/checkpoints/stats, /api/settings"""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Query

from companion_app.studio import Studio
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """The servers, what they have, and how the studio is set."""
    routes = APIRouter(tags=["servers"])

    @routes.get("/health")
    async def health() -> View:
        servers = studio.fleet.statuses()
        online = sum(server.state != "offline" for server in servers)
        return {
            "status": "ok" if online else "degraded",
            "version": version("vibes-imgen"),
            "servers": {"online": online, "total": len(servers)},
        }

    @routes.get("/api/gpus")
    async def gpus() -> list[dict[str, Any]]:
        return [asdict(server) for server in studio.fleet.statuses()]

    @routes.get("/api/loras")
    async def loras(
        query: str = "",
        base_model: str | None = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> list[View]:
        return studio.catalog.loras(query, base_model, limit)

    @routes.get("/api/checkpoints/stats")
    async def checkpoints() -> dict[str, View]:
        return studio.catalog.checkpoint_stats()

    @routes.get("/api/settings")
    async def settings() -> View:
        told = studio.settings
        return {
            "stages": [{"name": stage.name, "size": stage.size} for stage in told.stages],
            "aspect_ratios": list(next(iter(told.tiers.values())).sizes),
            "tiers": list(told.tiers),
            "default_tier": told.default_tier,
        }

    return routes
