"""``GET`` and ``PUT /vibes/studio``: which studio this ComfyUI learns with, and how that goes."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from vibes.errors import InvalidInput

from .process import memory, sync
from .replies import answering, read_object

_FIELDS = frozenset({"url", "token"})
_PATIENCE = 5.0  # seconds an answer waits for the studio's


def studio_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/vibes/studio", show_studio), web.put("/vibes/studio", set_studio)]


@answering
async def show_studio(_: web.Request) -> web.Response:
    """The address, whether there is a token, and what came of asking there."""
    return web.json_response(await asyncio.to_thread(_view))


@answering
async def set_studio(request: web.Request) -> web.Response:
    """Another address, or none; the answer tells, as far as there is one, what the studio says."""
    body = await read_object(request, _FIELDS)
    return web.json_response(await asyncio.to_thread(_set, body))


def _set(body: dict[str, Any]) -> dict[str, Any]:
    if "url" not in body:
        raise InvalidInput("url is the studio's address, or null for none.")
    memory().studio.put(body["url"], body.get("token"))
    sync().settle(_PATIENCE)
    return _view()


def _view() -> dict[str, Any]:
    here = memory()
    access, status = here.studio.access(), sync().status
    return {
        "url": access.base or None,
        "has_token": access.token is not None,
        "state": status.state,
        "detail": status.detail,
        "waiting": here.store.count_waiting(access.base) if access.url else 0,
        "fixed": here.studio.is_fixed,
    }
