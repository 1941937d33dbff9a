"""A proxy between a studio and a server, which does to what passes whatever networks do."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

_CHUNK = 64 * 1024  # bytes


@dataclass(frozen=True)
class Exchange:
    """One request of the studio: its bytes, and the two ways an answer may take."""

    request: bytes
    client: asyncio.StreamWriter
    proxy: Proxy

    async def forward(self) -> asyncio.StreamReader:
        """Send the request on; the server's answer to be read."""
        reader, writer = await self.proxy.upstream()
        writer.write(self.request)
        await writer.drain()
        return reader

    async def forwarded(self) -> tuple[bytes, bytes]:
        """Head and body of the server's whole answer."""
        answer = await (await self.forward()).read()
        head, _, body = answer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n", body

    async def send(self, data: bytes) -> None:
        self.client.write(data)
        await self.client.drain()

    def hang_up(self) -> None:
        self.client.transport.abort()


Act = Callable[[Exchange], Awaitable[None]]


@dataclass
class Fault:
    """What is done to the next ``times`` requests whose first line matches ``route``."""

    route: str
    act: Act
    times: int | None = None
    hits: int = 0

    def applies(self, line: str) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        return re.search(self.route, line) is not None


@dataclass
class Proxy:
    """Relays to the server at ``target``; ``faults`` are asked in turn, the first to apply acts.

    Every request gets a connection of its own, so that its answer ends with it.
    """

    target: int  # port
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # "POST /prompt", …, as they came
    latency: float = 0.0  # seconds, each way
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _sockets: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seen(self, route: str) -> int:
        """How many requests like this have come."""
        return sum(re.search(route, line) is not None for line in self.lines)

    def fault(self, route: str, act: Act, *, times: int | None = None) -> Fault:
        """Do ``act`` to requests from now on."""
        self.faults.insert(0, Fault(route, act, times))
        return self.faults[0]

    def heal(self) -> None:
        """Do no harm any more."""
        self.faults.clear()

    async def connect(self) -> None:
        """Let the network be there (again)."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Let the network be gone: connections break, new ones are refused."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def drop_sockets(self) -> int:
        """Break the WebSockets only; how many there were."""
        dropped = tuple(self._sockets)
        for writer in dropped:
            writer.transport.abort()
        return len(dropped)

    async def close(self) -> None:
        await self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._open.add(writer)
        return reader, writer

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            line = " ".join(head.decode("latin-1").split("\r\n", 1)[0].split()[:2])
            self.lines.append(line)
            body = await _body(head, reader)
            await asyncio.sleep(self.latency)
            applying = next((fault for fault in self.faults if fault.applies(line)), None)
            if applying is not None:
                applying.hits += 1
                await applying.act(Exchange(_one_shot(head) + body, writer, self))
            elif b"upgrade: websocket" in head.lower():
                await self._tunnel(head, reader, writer)
            else:
                await relay(Exchange(_one_shot(head) + body, writer, self))
        self._open.discard(writer)
        writer.close()

    async def _tunnel(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await self.upstream()
        self._sockets.add(writer)
        to_server.write(head)
        ways = [_pump(reader, to_server), _pump(from_server, writer)]
        try:
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.discard(writer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            to_server.close()


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    """What follows the head of a request: by its length, or in chunks as they are."""
    if found := re.search(rb"content-length: *(\d+)", head, re.IGNORECASE):
        return await reader.readexactly(int(found[1]))
    if not re.search(rb"transfer-encoding: *chunked", head, re.IGNORECASE):
        return b""
    body = b""
    while not body.endswith(b"0\r\n\r\n"):
        body += await reader.readuntil(b"\r\n")
    return body


def _one_shot(head: bytes) -> bytes:
    """The head with a wish that the server hang up after its answer."""
    kept = re.sub(rb"\r\nconnection:[^\r]*", b"", head, flags=re.IGNORECASE)
    return kept.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


# --- what can be done to a request -------------------------------------------------------------


async def relay(exchange: Exchange) -> None:
    """Nothing: ask, and hand the answer on."""
    answer = await exchange.forward()
    while data := await answer.read(_CHUNK):
        await asyncio.sleep(exchange.proxy.latency)
        await exchange.send(data)


async def hang(exchange: Exchange) -> None:
    """Take the request and never answer."""
    await asyncio.sleep(3600)


async def swallow(exchange: Exchange) -> None:
    """Let the server do it, and break the connection instead of answering."""
    await exchange.forwarded()
    exchange.hang_up()


async def refuse(exchange: Exchange) -> None:
    """Break the connection before the server hears of it."""
    exchange.hang_up()


async def half(exchange: Exchange) -> None:
    """Break the connection in the middle of the answer's body."""
    head, body = await exchange.forwarded()
    await exchange.send(head + body[: len(body) // 2])
    exchange.hang_up()


def trickle(pieces: int, seconds: float) -> Act:
    """Hand the answer on in so many pieces, with a wait before each."""

    async def act(exchange: Exchange) -> None:
        head, body = await exchange.forwarded()
        answer = head + body
        size = -(-len(answer) // pieces)
        for start in range(0, len(answer), size):
            await asyncio.sleep(seconds)
            await exchange.send(answer[start : start + size])

    return act


def answer(status: int, body: bytes, content_type: str = "application/json") -> Act:
    """Answer for the server, which hears nothing of it."""

    async def act(exchange: Exchange) -> None:
        await exchange.send(_answer(status, body, content_type))

    return act


def endless(content_type: str = "application/json") -> Act:
    """Answer with bytes until the studio has enough of them."""

    async def act(exchange: Exchange) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
        await exchange.send(head.encode())
        for _ in count():
            await exchange.send(b" " * 1024 * 1024)

    return act


def rewrite(change: Callable[[Any], Any]) -> Act:
    """Put ``change`` of the server's JSON in the place of it."""

    async def act(exchange: Exchange) -> None:
        _, body = await exchange.forwarded()
        changed = json.dumps(change(json.loads(body))).encode()
        await exchange.send(_answer(200, changed, "application/json"))

    return act


def _answer(status: int, body: bytes, content_type: str) -> bytes:
    head = (
        f"HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
