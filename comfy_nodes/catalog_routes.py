"""What this ComfyUI tells a studio of its model files, beyond what ComfyUI itself tells.

``GET /vibes/catalog/{folder}?offset=&limit=`` and ``GET /vibes/catalog/{folder}/preview?name=``.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from vibes.catalog import FileEntry, ModelKind, facts_to_dict
from vibes.catalog.scan import KNOWN_FOLDERS, Scan
from vibes.catalog.sidecars import MAX_PREVIEW

from . import local_files

MAX_LIMIT = 500
_KINDS: dict[str, ModelKind] = {folder: kind for kind, folder in KNOWN_FOLDERS.items()}

_scans: dict[ModelKind, Scan] = {}


def catalog_routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/vibes/catalog/{folder}", list_files),
        web.get("/vibes/catalog/{folder}/preview", show_preview),
    ]


async def list_files(request: web.Request) -> web.Response:
    """Some files of a folder; the first page looks again, the others go on in what it saw."""
    kind = _KINDS.get(request.match_info["folder"])
    offset, limit = _number(request, "offset", 0), _number(request, "limit", MAX_LIMIT)
    if kind is None or offset is None or limit is None:
        return web.Response(status=404 if kind is None else 400)
    text = await asyncio.to_thread(_page, kind, offset, min(limit, MAX_LIMIT))
    return web.Response(text=text, content_type="application/json")


async def show_preview(request: web.Request) -> web.Response:
    """The picture beside a model file."""
    kind = _KINDS.get(request.match_info["folder"])
    name = request.query.get("name", "")
    found = await asyncio.to_thread(_preview, kind, name) if kind else None
    if found is None:
        return web.Response(status=404)
    path, data = found
    suffix = path.suffix[1:].lower()
    return web.Response(body=data, content_type=f"image/{'jpeg' if suffix == 'jpg' else suffix}")


def _page(kind: ModelKind, offset: int, limit: int) -> str:
    if offset == 0 or kind not in _scans:
        _scans[kind] = local_files.scan(kind)
    scan = _scans[kind]
    files = [_described(entry) for entry in scan.entries[offset : offset + limit]]
    return json.dumps({"total": len(scan.files), "version": scan.version, "files": files})


def _described(entry: FileEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "size": entry.size,
        "modified": entry.modified,
        "facts": facts_to_dict(entry.facts),
    }


def _preview(kind: ModelKind, name: str) -> tuple[Path, bytes] | None:
    """The picture of a file that was listed: no other name reaches a disk."""
    scan = _scans.get(kind) or local_files.scan(kind)
    file = scan.files.get(name)
    if file is None or file.preview is None:
        return None
    try:
        with file.preview.open("rb") as picture:
            data = picture.read(MAX_PREVIEW + 1)
    except OSError:  # gone since
        return None
    return (file.preview, data) if len(data) <= MAX_PREVIEW else None


def _number(request: web.Request, name: str, default: int) -> int | None:
    """A whole number in the query, None where it is none."""
    text = request.query.get(name, str(default))
    return int(text) if text.isdecimal() and len(text) < 10 else None
