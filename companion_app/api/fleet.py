"""/health, /api/loras, /api/checkpoints/stats, /api/settings"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Query

from companion_app.studio import Studio
from companion_app.studio.views import View


def router(studio: Studio) -> APIRouter:
    """What the servers have, and how the studio is and is set."""
    routes = APIRouter(tags=["studio"])

    @routes.get("/health")
    async def health() -> View:
        online, total = studio.fleet.online()
        return {
            "status": "ok" if online else "degraded",
            "version": version("vibes-imgen"),
            "servers": {"online": online, "total": total},
        }

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
