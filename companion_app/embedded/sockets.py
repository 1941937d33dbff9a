"""The event stream: who is connected, what they negotiated, in what order they hear."""

from __future__ import annotations

import asyncio
import json
import struct
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

PREVIEW_IMAGE = 1
PREVIEW_IMAGE_WITH_METADATA = 4
_JPEG = 1
SERVER_FEATURES = {"supports_preview_metadata": True, "max_upload_size": 100 * 1024 * 1024}

Payload = str | bytes


class Sockets:
    """Open sockets by client id.

    ``send`` never waits: one publishing task writes in order, and a dead socket loses its events.
    ComfyUI's bookkeeping is kept as it is: a second socket of the same client id replaces the
    first, and when the first closes, the second hears nothing any more.
    """

    def __init__(self) -> None:
        self._open: dict[str, web.WebSocketResponse] = {}
        self._features: dict[str, Mapping[str, Any]] = {}
        self._outbox: asyncio.Queue[tuple[web.WebSocketResponse, Payload]] = asyncio.Queue()

    def send(self, event: str, data: Mapping[str, Any], *, to: str | None) -> None:
        """Queue a JSON event for one client, or for everybody when ``to`` is None."""
        message = json.dumps({"type": event, "data": data})
        for socket in self._addressed(to).values():
            self._outbox.put_nowait((socket, message))

    def send_preview(self, jpeg: bytes, about: Mapping[str, Any], *, to: str | None) -> None:
        """Queue a preview picture, with metadata where the prompt's client negotiated it."""
        message = struct.pack(">II", PREVIEW_IMAGE, _JPEG) + jpeg
        if to is not None and self._features.get(to, {}).get("supports_preview_metadata"):
            head = json.dumps({**about, "image_type": "image/jpeg"}).encode()
            message = struct.pack(">II", PREVIEW_IMAGE_WITH_METADATA, len(head)) + head + jpeg
        for socket in self._addressed(to).values():
            self._outbox.put_nowait((socket, message))

    async def publish(self) -> None:
        """Write queued messages until cancelled."""
        while True:
            socket, message = await self._outbox.get()
            try:
                if isinstance(message, str):
                    await socket.send_str(message)
                else:
                    await socket.send_bytes(message)
            except (ConnectionError, RuntimeError):  # the client is gone or going
                continue

    async def serve(
        self, request: web.Request, *, greet: Callable[[str], list[tuple[str, Mapping[str, Any]]]]
    ) -> web.WebSocketResponse:
        """Serve one socket to its end; ``greet`` gives the events a newcomer hears first."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query.get("clientId") or uuid.uuid4().hex
        self._open[client] = socket
        for event, data in greet(client):
            self.send(event, data, to=client)
        try:
            await self._listen(socket, client)
        finally:
            self._open.pop(client, None)
            self._features.pop(client, None)
        return socket

    async def close(self) -> None:
        """Close every socket."""
        for socket in list(self._open.values()):
            await socket.close()

    async def _listen(self, socket: web.WebSocketResponse, client: str) -> None:
        first = True
        async for message in socket:
            if message.type is WSMsgType.TEXT and first:
                self._negotiate(client, message.data)
                first = False

    def _negotiate(self, client: str, text: str) -> None:
        """The first text message may say what the client understands; others mean nothing."""
        try:
            message = json.loads(text)
        except ValueError:
            return
        if isinstance(message, dict) and message.get("type") == "feature_flags":
            self._features[client] = message.get("data") or {}
            self.send("feature_flags", SERVER_FEATURES, to=client)

    def _addressed(self, to: str | None) -> dict[str, web.WebSocketResponse]:
        if to is None:
            return dict(self._open)
        return {to: self._open[to]} if to in self._open else {}
