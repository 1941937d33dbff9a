"""A server that means harm, over a real connection: what it gets, and what it can make us hold."""

from __future__ import annotations

import asyncio
import struct
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from companion_app.fleet import Fleet, ProgressStream
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.replies import FileRef
from tests.fleet.conftest import RecordingLog
from vibes.errors import NotComfyUI, RenderFailed, ServerError, ServerUnreachable
from vibes.settings import ServerConfig

SECRET = "s3cret-of-the-first"
MIB = 2**20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A server of one handler for every path; it remembers what it was sent."""

    def __init__(self, handler: Handler):
        self._handler = handler
        self.received: list[tuple[str, dict[str, str]]] = []  # (path, headers)
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Remember, then do harm."""
        self.received.append((request.path, dict(request.headers)))
        return await self._handler(request)

    def config(self, name: str = "hostile", **more: Any) -> ServerConfig:
        """What somebody who trusts it writes down."""
        return ServerConfig.model_validate({"name": name, "url": self.url, **more})


Serve = Callable[[Handler], Awaitable[Site]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> Site:
        site = Site(handler)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return site

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def nothing(request: web.Request) -> web.StreamResponse:
    return web.json_response({})


async def seen_by(*configs: ServerConfig, seconds: float = 1.5) -> None:
    """Let a fleet get to know these servers, as a studio does when it starts."""
    fleet = Fleet(
        configs, log=RecordingLog(), progress=ProgressStream(), poll_seconds=0.1, retry_seconds=0.1
    )
    await fleet.start()
    await fleet.wait_ready(5)
    await asyncio.sleep(seconds)
    await fleet.stop()


def polite(request: web.Request) -> web.Response:
    """Enough of ComfyUI to be taken for one."""
    answers: dict[str, Any] = {
        "/system_stats": {"system": {}, "devices": []},
        "/queue": {"queue_running": [], "queue_pending": []},
    }
    return web.json_response(answers.get(request.path, {}))


async def test_a_redirect_is_not_followed(serve: Serve, session: aiohttp.ClientSession) -> None:
    target = await serve(nothing)

    async def lead_away(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{target.url}{request.path}")

    lure = await serve(lead_away)
    client = ComfyClient(lure.config(headers={"X-Key": SECRET}), session)
    asked = (client.device(), client.object_info(), client.queue(), client.upload_image("x", b""))
    for question in asked:
        with pytest.raises(NotComfyUI):
            await question
    with pytest.raises(RenderFailed):
        await client.view(FileRef("x.png"))
    assert target.received == []


async def test_a_redirected_websocket_takes_no_secret_along(serve: Serve) -> None:
    target = await serve(nothing)

    async def lead_away(request: web.Request) -> web.StreamResponse:
        if request.path == "/ws":
            raise web.HTTPFound(f"{target.url.replace('127.0.0.1', 'localhost')}/ws")
        return polite(request)

    lure = await serve(lead_away)
    await seen_by(lure.config(headers={"X-Key": SECRET}))
    assert "/ws" in {path for path, _ in lure.received}
    assert not [path for path, headers in target.received if SECRET in headers.values()]
    assert target.received == []


async def test_headers_and_cookies_of_one_server_never_reach_another(serve: Serve) -> None:
    async def set_cookie(request: web.Request) -> web.StreamResponse:
        reply = polite(request)
        reply.set_cookie("planted", SECRET)  # cookies know no ports
        return reply

    one, two = await serve(set_cookie), await serve(set_cookie)
    await seen_by(
        one.config("one", headers={"X-Key": SECRET}),
        two.config("two", headers={"X-Key": "s3cret-of-the-second"}),
        seconds=0.5,
    )
    assert {headers["X-Key"] for _, headers in one.received} == {SECRET}
    assert {headers["X-Key"] for _, headers in two.received} == {"s3cret-of-the-second"}
    assert not [path for path, headers in (*one.received, *two.received) if "Cookie" in headers]


async def test_a_password_in_an_address_stays_out_of_what_is_said(
    session: aiohttp.ClientSession,
) -> None:
    config = ServerConfig.model_validate({"name": "x", "url": f"http://user:{SECRET}@127.0.0.1:9"})
    with pytest.raises(ServerUnreachable) as caught:
        await ComfyClient(config, session).device()
    assert SECRET not in str(caught.value)


def packed(encoding: str, size: int) -> bytes:
    """So many blanks in few bytes, as this Content-Encoding has them."""
    wbits = {"gzip": 31, "deflate": 15}[encoding]
    press = zlib.compressobj(9, wbits=wbits)
    return b"".join(press.compress(b" " * MIB) for _ in range(size // MIB)) + press.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_answer_that_unpacks_without_end_is_dropped(
    serve: Serve, session: aiohttp.ClientSession, encoding: str
) -> None:
    bomb = packed(encoding, 300 * MIB)

    async def explode(request: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": encoding})

    client = ComfyClient((await serve(explode)).config(), session)
    tracemalloc.start()
    try:
        with pytest.raises(NotComfyUI, match="longer"):
            await client.queue()
        assert tracemalloc.get_traced_memory()[1] < 250 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("length", [True, False])
async def test_an_answer_without_end_is_cut_off(
    serve: Serve, session: aiohttp.ClientSession, length: bool
) -> None:
    async def go_on(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": str(2**50)} if length else {})
        await reply.prepare(request)
        for _ in range(500):
            await reply.write(b" " * MIB)
        return reply

    client = ComfyClient((await serve(go_on)).config(), session)
    with pytest.raises(NotComfyUI, match="longer"):
        await client.queue()


async def test_an_answer_that_trickles_in_is_not_waited_for(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        for _ in range(200):
            await reply.write(b" ")
            await asyncio.sleep(0.05)
        return reply

    client = ComfyClient((await serve(trickle)).config(), session, queue_seconds=0.4)
    started = time.monotonic()
    with pytest.raises(ServerUnreachable, match="in time"):
        await client.queue()
    assert time.monotonic() - started < 3


NO_HTTP = [
    b"",
    b"\x00" * 1000,
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * MIB,
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
]


async def said_of(session: aiohttp.ClientSession, reply: bytes) -> str:
    """The error of asking a server that answers with these bytes and hangs up."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = ServerConfig.model_validate({"name": "x", "url": f"http://127.0.0.1:{port}"})
    with pytest.raises(ServerError) as caught:
        await ComfyClient(config, session, queue_seconds=2).queue()
    server.close()
    await asyncio.sleep(0.05)  # its end of the connection closes too
    return str(caught.value)


@pytest.mark.parametrize("reply", NO_HTTP, ids=range(len(NO_HTTP)))
async def test_what_is_no_http_is_an_error_of_the_server(
    session: aiohttp.ClientSession, reply: bytes
) -> None:
    assert "\x00" not in await said_of(session, reply)


@pytest.mark.parametrize("reply", [NO_HTTP[1], NO_HTTP[2], NO_HTTP[8]], ids=range(3))
async def test_what_is_said_of_no_http_is_one_short_line(
    session: aiohttp.ClientSession, reply: bytes
) -> None:
    said = await said_of(session, reply)
    assert said.isprintable()
    assert len(said) < 1000


async def test_a_frame_without_end_ends_the_socket(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    sent = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        assert request.transport
        request.transport.write(b"\x82\x7f" + struct.pack(">Q", 2**40))
        while not request.transport.is_closing() and sent < 200:
            request.transport.write(b" " * MIB)
            sent += 1
            await asyncio.sleep(0.001)
        return socket

    client = ComfyClient((await serve(flood)).config(), session)
    async with client.listen("x") as frames:
        assert [frame async for frame in frames] == []
    assert sent < 200
