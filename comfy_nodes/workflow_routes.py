"""``POST /vibes/workflow``: the workflow open in the editor goes to the linked studio."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image

from vibes.errors import Conflict, InvalidInput
from vibes.settings import StudioAccess

from .picture_files import Encoding, encode
from .process import memory
from .replies import answering, read_object
from .studio_client import StudioClient

MOST_BYTES = 2 * 2**20
"""Bytes of a workflow in both its forms; the largest have a tenth of it."""
_FIELDS = frozenset({"name", "workflow", "graph"})


class NoStudio(Conflict):
    """There is nowhere to send anything."""

    code = "no_studio"


def workflow_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.post("/vibes/workflow", send_workflow)]


@answering
async def send_workflow(request: web.Request) -> web.Response:
    """Have the studio take it into use; its token is the server's, and never the browser's."""
    body = await read_object(request, _FIELDS, most=MOST_BYTES)
    name, picture = await asyncio.to_thread(_read, body)
    access = await asyncio.to_thread(_studio)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        await StudioClient(access, session).add_workflow(name, picture)
    return web.json_response({"name": name}, status=201)


def _read(body: dict[str, Any]) -> tuple[str, bytes]:
    name, workflow, graph = (body.get(key) for key in ("name", "workflow", "graph"))
    if not isinstance(name, str):
        raise InvalidInput("name is what the studio is to call the workflow, as a text.")
    if not isinstance(workflow, dict) or not isinstance(graph, dict):
        raise InvalidInput("workflow and graph are the two forms the editor gives a workflow in.")
    return name.strip(), _picture(workflow, graph)


def _picture(workflow: dict[str, Any], graph: dict[str, Any]) -> bytes:
    """Both forms as ComfyUI's own pictures carry them: one to run, the other to open again."""
    texts = {"prompt": json.dumps(graph), "workflow": json.dumps(workflow)}
    return encode(Image.new("1", (1, 1)), Encoding(), texts).data


def _studio() -> StudioAccess:
    access = memory().studio.access()
    if access.url is None:
        raise NoStudio("No studio is linked: add its address in the settings, under Vibes.")
    return access
