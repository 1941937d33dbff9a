"""A server seen over plain HTTP and WebSocket: nothing here belongs to the product."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp
from aiohttp import WSMsgType
from PIL import Image

PATIENCE = 60  # seconds for anything a server does; loading a checkpoint is the slowest
BINARY = {1: "bare preview", 4: "preview"}  # our names for the numbers they begin with


class Reply(NamedTuple):
    """Status and body: parsed JSON, text, or bytes, as the content type says."""

    status: int
    body: Any


class Event(NamedTuple):
    """One message of the event stream; a binary one has bytes for data."""

    type: str
    data: Any


@dataclass(frozen=True)
class Server:
    """One server, real or embedded."""

    url: str
    http: aiohttp.ClientSession  # with the url as its base

    async def get(self, path: str, **options: Any) -> Reply:
        return await self._request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        if body is not None:
            options["json"] = body
        return await self._request("POST", path, **options)

    async def submit(self, graph: Any, **body: Any) -> str:
        """Post a graph that must be accepted whole; return its prompt id."""
        body.setdefault("prompt_id", uuid4().hex)
        reply = await self.post("/prompt", {"prompt": graph, **body})
        assert reply.status == 200, reply.body
        assert reply.body["node_errors"] == {}
        prompt_id: str = reply.body["prompt_id"]
        return prompt_id

    async def entry(self, prompt_id: str) -> dict[str, Any]:
        """Wait until the prompt is in the history; return its entry."""
        history = await self._poll(f"/history/{prompt_id}", bool)
        entry: dict[str, Any] = history[prompt_id]
        return entry

    async def picture(self, entry: dict[str, Any], node: str) -> Image.Image:
        """Return the one picture that *node* saved."""
        [file] = entry["outputs"][node]["images"]
        return Image.open(io.BytesIO((await self.get("/view", params=file)).body))

    async def run(self, graph: Any, **body: Any) -> dict[str, Any]:
        return await self.entry(await self.submit(graph, **body))

    async def queue(self) -> tuple[list[str], list[str]]:
        """Return the ids of the running and of the pending prompts."""
        queue = (await self.get("/queue")).body
        running, pending = queue["queue_running"], sorted(queue["queue_pending"])
        return [item[1] for item in running], [item[1] for item in pending]

    async def until_running(self, prompt_id: str) -> None:
        await self._poll(
            "/queue", lambda queue: prompt_id in [item[1] for item in queue["queue_running"]]
        )

    @asynccontextmanager
    async def socket(self, client_id: str, *, metadata: bool = True) -> AsyncIterator[Socket]:
        """Connect; *metadata* asks for previews that say which prompt they belong to."""
        options: dict[str, Any] = {"params": {"clientId": client_id}, "autoping": False}
        async with self.http.ws_connect("/ws", **options) as connection:
            socket = Socket(connection)
            if metadata:
                flags = {"supports_preview_metadata": True}
                await connection.send_json({"type": "feature_flags", "data": flags})
            yield socket

    async def _poll(self, path: str, satisfied: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not satisfied(body := (await self.get(path)).body):
            assert time.monotonic() < deadline, f"{path} still says {body}"
            await asyncio.sleep(0.02)
        return body

    async def _request(self, method: str, path: str, **options: Any) -> Reply:
        async with self.http.request(method, path, **options) as response:
            data = await response.read()
            kind = response.content_type
        if kind == "application/json":
            return Reply(response.status, json.loads(data))
        return Reply(response.status, data.decode() if kind == "text/plain" else data)


@dataclass(frozen=True)
class Socket:
    """An open event stream."""

    connection: aiohttp.ClientWebSocketResponse[bool]

    async def next(self) -> Event:
        return event_of(await self.connection.receive(PATIENCE))

    async def arrived(self) -> list[Event]:
        """Return what the server had sent before it answers our ping, and we had not read."""
        await self.connection.ping()
        events = []
        while (message := await self.connection.receive(PATIENCE)).type is not WSMsgType.PONG:
            events.append(event_of(message))
        return events

    async def until_end(self, prompt_id: str) -> list[Event]:
        """Return everything up to the prompt's last event, ``executing`` without a node."""
        events = [await self.next()]
        while events[-1] != Event("executing", {"node": None, "prompt_id": prompt_id}):
            events.append(await self.next())
        return events

    async def until(self, event_type: str) -> Event:
        while (event := await self.next()).type != event_type:
            pass
        return event


def event_of(message: Any) -> Event:
    if message.type is WSMsgType.TEXT:
        text = json.loads(message.data)
        return Event(text["type"], text["data"])
    assert message.type is WSMsgType.BINARY, message
    (number,) = struct.unpack(">I", message.data[:4])
    return Event(BINARY.get(number, str(number)), message.data[4:])


def preview(event: Event) -> tuple[dict[str, Any] | None, bytes]:
    """Split a binary preview into what it says of itself, if anything, and the picture."""
    if event.type == "bare preview":
        return None, event.data[4:]
    assert event.type == "preview"
    (length,) = struct.unpack(">I", event.data[:4])
    return json.loads(event.data[4 : 4 + length]), event.data[4 + length :]
