"""Many ComfyUI servers in one light process: ``python -m benchmarks.farm --servers 2``.

Each lies under a path of its own, ``http://127.0.0.1:PORT/1`` and so on. They make no pictures: a
prompt is finished the moment it is posted, its picture is always the same one with its prompt id
written into it, and its socket hears what ComfyUI tells about an image of one step. So whatever a
studio over them costs is the studio's own.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import struct
import sys
import tempfile
import zlib
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web
from PIL import Image

from companion_app.embedded.folders import Folders
from companion_app.embedded.models import FULL_LIBRARY
from companion_app.embedded.node_table import NODES, object_info

SIDE = 64  # px
KEPT = 256  # finished prompts a server remembers
_MEMORY = 16 * 1024**3  # bytes of pretended video memory
_SIGNATURE_AND_HEADER = 33  # bytes of a PNG before its first other chunk
_ID = "THE-PROMPT-ID"


class FarmServer:
    """One server: its sockets, and the prompts it has finished."""

    def __init__(self, name: str):
        self.name = name
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.finished: OrderedDict[str, str] = OrderedDict()  # prompt id → node that saves

    async def finish(self, prompt_id: str, graph: dict[str, Any], client: str | None) -> None:
        """Note the prompt as done and tell its client all of it."""
        output = next(id for id, node in graph.items() if node["class_type"] == "SaveImage")
        self.finished[prompt_id] = output
        while len(self.finished) > KEPT:
            self.finished.popitem(last=False)
        socket = self.sockets.get(client or "")
        if socket is not None:
            for event in _story(tuple(graph), output):
                await socket.send_str(event.replace(_ID, prompt_id))


class Farm:
    """All servers of one process, and what they answer."""

    def __init__(self, count: int):
        self._servers = {str(n): FarmServer(f"farm-{n}") for n in range(1, count + 1)}
        self._picture = _noise()
        with tempfile.TemporaryDirectory() as folder:
            folders = Folders(Path(folder))
            folders.create()
            infos = {
                name: object_info(name, node, FULL_LIBRARY, folders) for name, node in NODES.items()
            }
        self._object_info = json.dumps(infos).encode()

    def application(self) -> web.Application:
        """The routes of every server."""
        application = web.Application()
        routes = {
            ("GET", "/system_stats"): self._stats,
            ("GET", "/features"): self._features,
            ("GET", "/object_info"): self._nodes,
            ("GET", "/models/{folder}"): self._names,
            ("GET", "/experiment/models/{folder}"): self._sizes,
            ("GET", "/view_metadata/{folder}"): self._metadata,
            ("GET", "/embeddings"): self._embeddings,
            ("GET", "/queue"): self._queue,
            ("POST", "/queue"): self._accept,
            ("POST", "/interrupt"): self._accept,
            ("POST", "/prompt"): self._prompt,
            ("GET", "/history/{id}"): self._history,
            ("GET", "/view"): self._view,
            ("GET", "/ws"): self._listen,
        }
        for (method, path), handler in routes.items():
            application.router.add_route(method, "/{server}" + path, handler)
        return application

    def _server(self, request: web.Request) -> FarmServer:
        return self._servers[request.match_info["server"]]

    async def _stats(self, request: web.Request) -> web.Response:
        name = self._server(request).name
        system = {"os": "posix", "comfyui_version": "0.3.64", "argv": [name], "ram_free": _MEMORY}
        device = {"name": f"{name} (makes nothing)", "type": "cpu", "index": None}
        memory = {"vram_total": _MEMORY, "vram_free": _MEMORY}
        return web.json_response({"system": system, "devices": [{**device, **memory}]})

    async def _features(self, request: web.Request) -> web.Response:
        return web.json_response({"supports_preview_metadata": True})

    async def _nodes(self, request: web.Request) -> web.Response:
        return web.Response(body=self._object_info, content_type="application/json")

    async def _names(self, request: web.Request) -> web.Response:
        return web.json_response(FULL_LIBRARY.names(request.match_info["folder"]))

    async def _sizes(self, request: web.Request) -> web.Response:
        files = FULL_LIBRARY.folders()[request.match_info["folder"]]
        return web.json_response([{"name": file.name, "size": file.size} for file in files])

    async def _metadata(self, request: web.Request) -> web.Response:
        file = FULL_LIBRARY.file(request.match_info["folder"], request.query["filename"])
        return web.json_response(dict(file.metadata) if file else {})

    async def _embeddings(self, request: web.Request) -> web.Response:
        return web.json_response([])

    async def _queue(self, request: web.Request) -> web.Response:
        return web.json_response({"queue_running": [], "queue_pending": []})

    async def _accept(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _prompt(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        reply = web.json_response({"prompt_id": body["prompt_id"], "number": 1, "node_errors": {}})
        await reply.prepare(request)
        await reply.write_eof()  # the news of the end must not come before the word that it began
        server = self._server(request)
        await server.finish(body["prompt_id"], body["prompt"], body.get("client_id"))
        return reply

    async def _history(self, request: web.Request) -> web.Response:
        prompt_id = request.match_info["id"]
        output = self._server(request).finished.get(prompt_id)
        if output is None:
            return web.json_response({})
        picture = {"filename": f"{prompt_id}.png", "subfolder": "", "type": "output"}
        success = ["execution_success", {"prompt_id": prompt_id, "timestamp": 0}]
        status = {"status_str": "success", "completed": True, "messages": [success]}
        return web.json_response(
            {prompt_id: {"outputs": {output: {"images": [picture]}}, "status": status}}
        )

    async def _view(self, request: web.Request) -> web.Response:
        body = _signed(self._picture, request.query["filename"])
        return web.Response(body=body, content_type="image/png")

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        server, client = self._server(request), request.query["clientId"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        server.sockets[client] = socket
        try:
            async for _ in socket:
                pass
        finally:
            server.sockets.pop(client, None)
        return socket


@lru_cache
def _story(nodes: tuple[str, ...], output: str) -> tuple[str, ...]:
    """The events of one image of one step, in ComfyUI's words, with ``_ID`` for its prompt."""
    told = [_event("execution_start", timestamp=0)]
    told.append(_event("execution_cached", timestamp=0, nodes=[]))
    for number, node in enumerate(nodes):
        told.append(_event("progress_state", nodes={n: _state(n) for n in nodes[: number + 1]}))
        told.append(_event("executing", node=node, display_node=node))
    told.append(_event("progress", node=output, value=1, max=1))
    told.append(_event("executed", node=output, display_node=output, output={"images": []}))
    told.append(_event("execution_success", timestamp=0))
    told.append(_event("executing", node=None))
    return tuple(told)


def _event(kind: str, **data: Any) -> str:
    return json.dumps({"type": kind, "data": {**data, "prompt_id": _ID}})


def _state(node: str) -> dict[str, Any]:
    place = {"display_node_id": node, "parent_node_id": None, "real_node_id": node}
    return {"value": 1, "max": 1, "state": "finished", "node_id": node, "prompt_id": _ID, **place}


def _noise() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((SIDE, SIDE), 40).convert("RGB").save(out, "PNG")
    return out.getvalue()


def _signed(png: bytes, text: str) -> bytes:
    """The picture with a text chunk: the same pixels, other bytes."""
    chunk = b"tEXt" + b"prompt\0" + text.encode("latin-1", "replace")
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:_SIGNATURE_AND_HEADER] + framed + png[_SIGNATURE_AND_HEADER:]


async def serve(count: int) -> None:
    """Run until standard input ends; says where on standard output."""
    runner = web.AppRunner(Farm(count).application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    print(f"{count} servers listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--servers", type=int, default=2)
    asyncio.run(serve(parser.parse_args().servers))
