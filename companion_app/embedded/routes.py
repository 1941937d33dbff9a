"""The HTTP routes of ComfyUI 0.3.64 that a client needs, each as ``/x`` and ``/api/x``."""

from __future__ import annotations

import io
import platform
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from PIL import Image

from .folders import KINDS, OutsideFolder, split_annotation
from .node_table import object_info
from .pack import known_nodes
from .prompt_queue import Item
from .server import SERVER, EmbeddedServer
from .sockets import SERVER_FEATURES
from .validation import check_graph, problem

COMFYUI_VERSION = "0.3.64"
_MEMORY = 16 * 1024**3  # bytes of pretended video memory
_PREVIEW_QUALITY = 90
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

routes = web.RouteTableDef()


def _server(request: web.Request) -> EmbeddedServer:
    return request.app[SERVER]


@web.middleware
async def refuse_foreign_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another origin may not talk to a server on loopback."""
    host = urlsplit(f"//{request.headers.get('Host', '')}")
    origin = urlsplit(request.headers.get("Origin", ""))
    foreign = origin.netloc and origin.netloc.lower() != host.netloc.lower()
    if foreign and host.hostname in _LOOPBACK:
        return web.Response(status=403)
    return await handler(request)


# Prompts. Malformed bodies raise, and so are answered with aiohttp's plain 500, as in ComfyUI.


@routes.get("/prompt")
async def queue_length(request: web.Request) -> web.Response:
    """How many prompts are running or waiting."""
    return web.json_response(_server(request).queue_info())


@routes.post("/prompt")
async def submit(request: web.Request) -> web.Response:
    """Validate and queue a graph."""
    server = _server(request)
    body = await request.json()
    front = "front" in body and bool(body["front"])
    number = float(body["number"]) if "number" in body else server.next_number(front=front)
    if "prompt" not in body:
        error = problem("no_prompt", "No prompt provided", "No prompt provided")
        return web.json_response({"error": error, "node_errors": {}}, status=400)
    verdict = check_graph(
        body["prompt"],
        known_nodes(server.machine),
        server.machine.models,
        server.machine.folders,
        targets=body.get("partial_execution_targets"),
    )
    if verdict.error:
        refusal = {"error": verdict.error, "node_errors": verdict.node_errors}
        return web.json_response(refusal, status=400)
    extra_data = dict(body.get("extra_data") or {})
    if "client_id" in body:
        extra_data["client_id"] = body["client_id"]
    prompt_id = str(body.get("prompt_id", uuid.uuid4()))
    server.queue.put(Item(number, prompt_id, body["prompt"], extra_data, verdict.outputs))
    reply = {"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors}
    return web.json_response(reply)


@routes.get("/queue")
async def show_queue(request: web.Request) -> web.Response:
    """Running and pending prompts in full."""
    return web.json_response(_server(request).queue.to_dict())


@routes.post("/queue")
async def change_queue(request: web.Request) -> web.Response:
    """Remove pending prompts; the answer does not tell whether any matched."""
    body = await request.json()
    if body.get("clear"):
        _server(request).queue.clear()
    _server(request).queue.drop(body.get("delete", ()))
    return web.Response()


@routes.post("/interrupt")
async def interrupt(request: web.Request) -> web.Response:
    """Stop what is running; with a prompt id only if it is that prompt."""
    try:
        body = await request.json()
    except ValueError:
        body = {}
    server = _server(request)
    wanted = body.get("prompt_id") if isinstance(body, dict) else None
    running = server.queue.running
    if not wanted or (running and running.prompt_id == wanted):
        server.executor.interrupt()
    return web.Response()


@routes.get("/history")
async def show_history(request: web.Request) -> web.Response:
    """Finished prompts by id, oldest first."""
    maximum = request.query.get("max_items")
    offset = int(request.query.get("offset", -1))
    found = _server(request).queue.history(
        max_items=int(maximum) if maximum is not None else None, offset=offset
    )
    return web.json_response(found)


@routes.get("/history/{prompt_id}")
async def show_history_of(request: web.Request) -> web.Response:
    """One finished prompt; an empty object when unknown or unfinished."""
    return web.json_response(_server(request).queue.history_of(request.match_info["prompt_id"]))


@routes.post("/history")
async def change_history(request: web.Request) -> web.Response:
    """Forget finished prompts."""
    body = await request.json()
    if body.get("clear"):
        _server(request).queue.forget()
    _server(request).queue.forget(body.get("delete", ()))
    return web.Response()


@routes.post("/free")
async def free(request: web.Request) -> web.Response:
    """Unload models or forget everything computed."""
    body = await request.json()
    _server(request).executor.free(
        models=bool(body.get("unload_models")), memory=bool(body.get("free_memory"))
    )
    return web.Response()


@routes.get("/ws")
async def listen(request: web.Request) -> web.WebSocketResponse:
    """The event stream."""
    server = _server(request)
    return await server.sockets.serve(request, greet=server.greeting)


# Files


@routes.get("/view")
async def view(request: web.Request) -> web.StreamResponse:
    """A file of one of the folders, as it is, as a smaller preview or one channel of it."""
    name, kind = split_annotation(request.query.get("filename", ""))
    if not name:
        return web.Response(status=404)
    kind = kind or request.query.get("type", "output")
    if name.startswith("/") or ".." in name or kind not in KINDS:
        return web.Response(status=400)
    try:
        relative = Path(request.query.get("subfolder", "")) / Path(name).name
        path = _server(request).machine.folders.inside(kind, str(relative))
    except OutsideFolder:
        return web.Response(status=403)
    if not path.is_file():
        return web.Response(status=404)
    disposition = {"Content-Disposition": f'filename="{path.name}"'}
    if "preview" in request.query:
        data, media_type = _converted(path, request.query["preview"])
        return web.Response(body=data, content_type=media_type, headers=disposition)
    if request.query.get("channel") in {"rgb", "a"}:
        data = _channel(path, request.query["channel"])
        return web.Response(body=data, content_type="image/png", headers=disposition)
    return web.FileResponse(path, headers=disposition)


def _converted(path: Path, wanted: str) -> tuple[bytes, str]:
    """``wanted`` is ``webp;80`` or ``jpeg;80``; the quality may be missing or nonsense."""
    media, _, quality = wanted.partition(";")
    media = media if media in {"webp", "jpeg"} else "webp"
    with Image.open(path) as picture:
        converted = picture.convert("RGB") if media == "jpeg" else picture
        buffer = io.BytesIO()
        converted.save(
            buffer, media, quality=int(quality) if quality.isdigit() else _PREVIEW_QUALITY
        )
    return buffer.getvalue(), f"image/{media}"


def _channel(path: Path, channel: str) -> bytes:
    """The colours without transparency, or the transparency alone as a picture's alpha."""
    with Image.open(path) as picture:
        if channel == "rgb":
            chosen = picture.convert("RGB")
        else:
            alpha = picture.convert("RGBA").getchannel("A")
            chosen = Image.new("RGBA", picture.size)
            chosen.putalpha(alpha)
        buffer = io.BytesIO()
        chosen.save(buffer, "PNG")
    return buffer.getvalue()


@routes.post("/upload/image")
async def upload(request: web.Request) -> web.Response:
    """Store a picture; the reply tells the name it got."""
    form = await request.post()
    image, kind = form.get("image"), str(form.get("type", "input"))
    if not isinstance(image, web.FileField) or not image.filename or kind not in KINDS:
        return web.Response(status=400)
    subfolder = str(form.get("subfolder", ""))
    folders = _server(request).machine.folders
    try:
        path = folders.inside(kind, str(Path(subfolder) / Path(image.filename).name))
    except OutsideFolder:
        return web.Response(status=400)
    overwrite = form.get("overwrite") in {"true", "1"}
    stored = folders.store_upload(path, image.file.read(), overwrite=overwrite)
    return web.json_response({"name": stored.name, "subfolder": subfolder, "type": kind})


# What is here


@routes.get("/object_info")
async def all_nodes(request: web.Request) -> web.Response:
    """Every node class."""
    machine = _server(request).machine
    return web.json_response(
        {
            name: object_info(name, node, machine.models, machine.folders)
            for name, node in known_nodes(machine).items()
        }
    )


@routes.get("/object_info/{name}")
async def one_node(request: web.Request) -> web.Response:
    """One node class; an empty object when unknown."""
    machine, name = _server(request).machine, request.match_info["name"]
    node = known_nodes(machine).get(name)
    info = {name: object_info(name, node, machine.models, machine.folders)} if node else {}
    return web.json_response(info)


@routes.get("/system_stats")
async def system_stats(request: web.Request) -> web.Response:
    """Version and the one device."""
    machine = _server(request).machine
    loaded = machine.models.file("checkpoints", machine.loaded_checkpoint or "")
    available = _MEMORY - (loaded.size if loaded else 0)
    system = {
        "os": "nt" if sys.platform == "win32" else "posix",
        "ram_total": _MEMORY,
        "ram_free": _MEMORY,
        "comfyui_version": COMFYUI_VERSION,
        "required_frontend_version": "",
        "installed_templates_version": "",
        "required_templates_version": "",
        "python_version": platform.python_version(),
        "pytorch_version": "",
        "embedded_python": False,
        "argv": [machine.name],
    }
    device = {
        "name": f"{machine.name} (draws without a model)",
        "type": "cpu",
        "index": None,
        "vram_total": _MEMORY,
        "vram_free": available,
        "torch_vram_total": _MEMORY,
        "torch_vram_free": available,
    }
    return web.json_response({"system": system, "devices": [device]})


@routes.get("/features")
async def features(request: web.Request) -> web.Response:
    """What this server understands."""
    return web.json_response(SERVER_FEATURES)
