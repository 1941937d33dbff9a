"""/health, /api/settings"""

from __future__ import annotations

from importlib.metadata import version
from typing import get_args

from fastapi import APIRouter

from companion_app.studio import Studio
from companion_app.studio.requests import Mode
from companion_app.studio.views import View
from vibes.recommend import Priority, Variation


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

    @routes.get("/api/settings")
    async def settings() -> View:
        told = studio.settings
        return {
            "stages": [{"name": stage.name, "size": stage.size} for stage in told.stages],
            "aspect_ratios": list(next(iter(told.tiers.values())).sizes),
            "tiers": list(told.tiers),
            "default_tier": told.default_tier,
            **studio.servers.sampling(),
            "priorities": list(get_args(Priority)),
            "variations": list(get_args(Variation)),
            "modes": list(get_args(Mode)),
        }

    return routes
