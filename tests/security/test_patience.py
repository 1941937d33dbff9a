"""Peers who keep the studio waiting, on a real port with its own patience cut short."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from companion_app.api import Gate
from companion_app.serving import connection

PATIENCE = 0.4  # seconds


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A port behind which a gate without token and one page are."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", PATIENCE)
    app: ASGIApp = Gate(PlainTextResponse("here"))
    options = {"lifespan": "off", "log_level": "error", "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(app, http=connection.Connection, port=0, **options))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def test_headers_that_trickle_in_are_not_waited_for(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n")
    assert PATIENCE * 0.9 < await _borne(writer, b"X: y\r\n") < 4


async def test_a_peer_who_says_nothing_is_not_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 4) == b""
    writer.close()


async def test_a_refused_body_is_swallowed_for_a_while_and_then_cut_off(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n")
    assert b" 413 " in await reader.readline()
    assert await _borne(writer, b" " * 1000) < 4


async def _borne(writer: asyncio.StreamWriter, drop: bytes) -> float:
    """For how many seconds the studio takes drop after drop, five at most."""
    started = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() < started + 5:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)
    writer.close()
    return time.monotonic() - started


async def test_a_connection_in_use_is_kept_for_longer_than_that(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(4):
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 4)
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(4)
        await asyncio.sleep(PATIENCE / 2)
    writer.close()
