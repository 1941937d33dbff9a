"""``GET /vibes/health``: which run of ComfyUI this is, so that a restart is noticed at once."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import uuid4

from aiohttp import web

BOOT = uuid4().hex
"""Another one after every start."""

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)


def health_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/vibes/health", health)]


async def health(_: web.Request) -> web.Response:
    """The run's id, and the pack's version."""
    return web.json_response({"boot": BOOT, "version": pack_version()})


@cache
def pack_version() -> str:
    """As installed, or as the checkout says."""
    try:
        return version("vibes-imgen")
    except PackageNotFoundError:  # a checkout that nobody installed, as in custom_nodes
        found = _VERSION.search(_PROJECT.read_text(encoding="utf-8"))
        return found[1] if found else "unknown"
