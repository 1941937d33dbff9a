"""``GET /vibes/health``: which run of ComfyUI this is, so that a restart is noticed at once."""

from __future__ import annotations

from uuid import uuid4

from aiohttp import web

from .version import pack_version

BOOT = uuid4().hex
"""Another one after every start."""


def health_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/vibes/health", health)]


async def health(_: web.Request) -> web.Response:
    """The run's id, and the pack's version."""
    return web.json_response({"boot": BOOT, "version": pack_version()})
