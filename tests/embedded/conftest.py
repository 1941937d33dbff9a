"""An embedded server to talk to, and the graph everybody sends."""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from companion_app.embedded import create_app

Graph = dict[str, Any]


def make_graph(**changes: Any) -> Graph:
    """Text to picture at 64 × 96; ``changes`` are ``node__input=value``."""
    graph: Graph = {
        "loader": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "tiny-a.safetensors"},
        },
        "lora": {
            "class_type": "LoraLoader",
            "inputs": {
                "model": ["loader", 0],
                "clip": ["loader", 1],
                "lora_name": "tiny-lora.safetensors",
                "strength_model": 0.7,
                "strength_clip": 0.7,
            },
        },
        "positive": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "a beach", "clip": ["lora", 1]},
        },
        "negative": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["lora", 1]}},
        "empty": {
            "class_type": "EmptySD3LatentImage",
            "inputs": {"width": 64, "height": 96, "batch_size": 1},
        },
        "sampler": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["lora", 0],
                "positive": ["positive", 0],
                "negative": ["negative", 0],
                "latent_image": ["empty", 0],
                "seed": 1,
                "steps": 4,
                "cfg": 1.0,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 1.0,
            },
        },
        "decode": {
            "class_type": "VAEDecode",
            "inputs": {"samples": ["sampler", 0], "vae": ["loader", 2]},
        },
        "save": {
            "class_type": "SaveImage",
            "inputs": {"images": ["decode", 0], "filename_prefix": "job/picture"},
        },
    }
    for place, value in changes.items():
        node, _, name = place.partition("__")
        graph[node]["inputs"][name] = value
    return graph


@dataclass
class Client:
    """A thin caller of one server."""

    http: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        async with self.http.get(path) as reply:
            reply.raise_for_status()
            return await reply.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(path, json=body) as reply:
            text = await reply.text()
            return reply.status, json.loads(text) if text else None

    async def submit(self, graph: Graph, **more: Any) -> str:
        """Queue a graph and return its prompt id."""
        prompt_id = uuid.uuid4().hex
        status, reply = await self.post(
            "/prompt", {"prompt": graph, "prompt_id": prompt_id, **more}
        )
        assert (status, reply["node_errors"]) == (200, {})
        return prompt_id

    async def finished(self, prompt_id: str) -> Any:
        """The history entry, as soon as there is one."""
        while not (found := await self.get(f"/history/{prompt_id}")):
            pass
        return found[prompt_id]

    async def run(self, graph: Graph, **more: Any) -> Any:
        return await self.finished(await self.submit(graph, **more))

    async def picture(self, reference: dict[str, str]) -> bytes:
        async with self.http.get("/view", params=reference) as reply:
            reply.raise_for_status()
            return await reply.read()


Start = Callable[..., Any]


@pytest.fixture
def graph() -> Callable[..., Graph]:
    return make_graph


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts servers with the given options; each comes as a client."""
    opened: list[Any] = []

    async def begin(**options: Any) -> Client:
        server = TestServer(create_app(**{"name": "here", "speed": 1000, **options}))
        await server.start_server()
        http = aiohttp.ClientSession(server.make_url("/"))
        opened.extend((server, http))
        return Client(http)

    yield begin
    for thing in reversed(opened):
        await thing.close()


@pytest.fixture
async def client(start: Start) -> Client:
    return await start(render=False)


async def heard(socket: aiohttp.ClientWebSocketResponse, *, until: str) -> list[tuple[str, Any]]:
    """Events up to one of that name; ``done`` is the final ``executing`` without a node.

    Binary previews come as ``("preview", (type, metadata, image bytes))``.
    """
    events: list[tuple[str, Any]] = []
    while True:
        message = await socket.receive(timeout=30)
        if message.type is aiohttp.WSMsgType.BINARY:
            events.append(("preview", _preview(message.data)))
            continue
        event = json.loads(message.data)
        events.append((event["type"], event["data"]))
        done = event["type"] == "executing" and event["data"]["node"] is None
        if event["type"] == until or (until == "done" and done):
            return events


@pytest.fixture
def listen() -> Callable[..., Any]:
    return heard


def _preview(data: bytes) -> tuple[int, Any, bytes]:
    (kind,) = struct.unpack(">I", data[:4])
    if kind == 1:
        return kind, struct.unpack(">I", data[4:8])[0], data[8:]
    (length,) = struct.unpack(">I", data[4:8])
    return kind, json.loads(data[8 : 8 + length]), data[8 + length :]
