"""What models a server has, by ComfyUI's routes, and the routes of this project's node pack."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from aiohttp import web

from vibes.catalog import facts_of, facts_to_dict
from vibes.catalog.scan import KNOWN_FOLDERS

from .models import ModelFile
from .server import SERVER

_PAGE = 500  # files
_CATALOG = {folder: kind for kind, folder in KNOWN_FOLDERS.items()}

model_routes = web.RouteTableDef()


@model_routes.get("/models")
async def model_folders(request: web.Request) -> web.Response:
    """Names of the model folders."""
    return web.json_response(list(request.app[SERVER].machine.models.folders()))


@model_routes.get("/models/{folder}")
async def model_names(request: web.Request) -> web.Response:
    """Names of the files in one folder."""
    models, folder = request.app[SERVER].machine.models, request.match_info["folder"]
    if folder not in models.folders():
        return web.Response(status=404)
    return web.json_response(models.names(folder))


@model_routes.get("/embeddings")
async def embeddings(request: web.Request) -> web.Response:
    """Embeddings by the name a prompt uses: without extension."""
    names = request.app[SERVER].machine.models.names("embeddings")
    return web.json_response([name.rpartition(".")[0] for name in names])


@model_routes.get("/view_metadata/{folder}")
async def metadata(request: web.Request) -> web.Response:
    """The metadata in a safetensors header; 404 when there is none."""
    name = request.query.get("filename", "")
    file = request.app[SERVER].machine.models.file(request.match_info["folder"], name)
    if file is None or not file.metadata:
        return web.Response(status=404)
    return web.json_response(dict(file.metadata))


@model_routes.get("/experiment/models/{folder}")
async def model_files(request: web.Request) -> web.Response:
    """Files of one folder with their sizes."""
    server, folder = request.app[SERVER], request.match_info["folder"]
    if folder not in server.machine.models.folders():
        return web.Response(status=404)
    files = sorted(server.machine.models.folders()[folder], key=lambda file: file.name)
    return web.json_response([_file_entry(file, server.started) for file in files])


def _file_entry(file: ModelFile, modified: float) -> dict[str, Any]:
    return {
        "name": file.name,
        "pathIndex": 0,
        "modified": modified,
        "created": modified,
        "size": file.size,
    }


@model_routes.get("/vibes/health")
async def health(request: web.Request) -> web.Response:
    """Which run of the server this is: a route of this project's node pack."""
    server = request.app[SERVER]
    if not server.machine.has_pack:
        return web.Response(status=404)
    return web.json_response({"boot": server.boot, "version": version("vibes-imgen")})


@model_routes.get("/vibes/catalog/{folder}")
async def catalog_page(request: web.Request) -> web.Response:
    """What this project's node pack tells of some files; 404 on a server without it."""
    server, folder = request.app[SERVER], request.match_info["folder"]
    if not server.machine.has_pack or folder not in _CATALOG:
        return web.Response(status=404)
    offset, limit = (int(request.query.get(key, 0)) for key in ("offset", "limit"))
    files = sorted(server.machine.models.folders()[folder], key=lambda file: file.name)
    page = [
        {
            "name": file.name,
            "size": file.size,
            "modified": server.started,
            "facts": facts_to_dict(
                facts_of(_CATALOG[folder], file.name, metadata=file.metadata, size=file.size)
            ),
        }
        for file in files[offset : offset + (limit or _PAGE)]
    ]
    return web.json_response({"total": len(files), "version": str(server.started), "files": page})
