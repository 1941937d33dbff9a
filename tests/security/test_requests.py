"""Requests that are too long, too slow, too many, or no HTTP at all."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import ExitStack, suppress

import psutil
import pytest

from companion_app.serving import connection

from . import raw
from .conftest import Studio

GET = "GET /api/sessions HTTP/1.1"
POST = "POST /api/sessions HTTP/1.1"


def host(studio: Studio) -> str:
    return f"Host: {studio.netloc}"


@pytest.mark.parametrize("path", ["//api/sessions", "/./api/sessions", "/x/../api/sessions"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_written_oddly_finds_nothing(local: Studio, method: str, path: str) -> None:
    odd = [
        path,
        path.replace("/api", "/%61pi").replace("..", "%2e%2e"),
        path.replace("api/", "api%5c"),
    ]
    for written in odd:
        reply = raw.ask(local, f"{method} {written} HTTP/1.1", host(local), "Content-Length: 0")
        assert reply.status in (404, 405), written


@pytest.mark.parametrize(
    "path",
    [
        "/studio-assets/../page.py",
        "/studio-assets/%2e%2e/page.py",
        "/studio-assets/..%2fpage.py",
        "/studio-assets/..%5cpage.py",
        "/studio-assets//etc/passwd",
        "/static/..%2f..%2frouters.py",
        "/assets/%2e%2e/%2e%2e/%2e%2e/routes.py",
        "/svelte/../../etc/passwd",
        "/static-offline-docs/%2e%2e/core.py",
        "/api/images/..%2f..%2fvibes.db/file",
        "/api/images/%2e%2e/file",
        "/api/images/x%00y/file",
        "/file=/etc/passwd",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=http://127.0.0.1:9/",
    ],
)
def test_no_path_leads_to_another_file(local: Studio, path: str) -> None:
    reply = raw.ask(local, f"GET {path} HTTP/1.1", host(local))
    assert reply.status in (403, 404)
    assert "import" not in reply.text
    assert "root:" not in reply.text


@pytest.mark.parametrize(
    "framing",
    [
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: +4",),
        ("Content-Length: 0x4",),
        ("Content-Length : 4",),
    ],
)
def test_a_body_of_two_lengths_is_no_request_and_hides_none(
    local: Studio, framing: tuple[str, ...]
) -> None:
    """A proxy in front might see one request where the studio sees two."""
    hidden = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: " + local.netloc.encode() + b"\r\n\r\n"
    with raw.connect(local) as peer:
        peer.sendall("\r\n".join([POST, host(local), *framing, "", ""]).encode() + hidden)
        reply = raw.read(peer, 1)
    assert "smuggled" not in reply.text
    assert reply.status == 400
    assert reply.text.count("HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "first", ["", "\x00\x01\x02", "GET", "GET /", "G\x00T / HTTP/1.1", "GET / HTTP/x"]
)
def test_what_is_no_http_gets_a_short_answer(local: Studio, first: str) -> None:
    reply = raw.ask(local, first, host(local))
    assert reply.status in (0, 400)
    assert "Traceback" not in reply.text


def test_headers_without_end_are_cut_off(local: Studio) -> None:
    for flood in (b"X: " + b"x" * 2**20, b"X: y\r\n" * 50_000):
        with raw.connect(local) as peer:
            peer.sendall(f"{GET}\r\n{host(local)}\r\n".encode())
            with suppress(OSError):  # it hangs up before it has all
                peer.sendall(flood)
            assert raw.read(peer, 2).status in (0, 400)


@pytest.mark.parametrize("path", ["/api/sessions", "/gradio_api/upload", "/config"])
@pytest.mark.parametrize("length", [f"Content-Length: {2**40}", "Transfer-Encoding: chunked"])
def test_a_body_too_long_is_refused_while_it_comes(local: Studio, path: str, length: str) -> None:
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with raw.connect(local) as peer:
        peer.sendall(f"POST {path} HTTP/1.1\r\n{host(local)}\r\n{length}\r\n\r\n".encode())
        for _ in range(40):
            peer.sendall(chunk)
        assert raw.read(peer, head=True).status in (404, 405, 413)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_body_is_not_unpacked(local: Studio, encoding: str) -> None:
    bomb = gzip.compress(b" " * 50 * 2**20)
    told = (f"Content-Encoding: {encoding}", f"Content-Length: {len(bomb)}")
    sent = ("POST /api/generate HTTP/1.1", host(local), "Content-Type: application/json", *told)
    assert raw.ask(local, *sent, body=bomb).status in (400, 422)


def test_a_json_body_nested_without_end_is_a_sentence(local: Studio) -> None:
    body = b"[" * 500_000
    told = (f"Content-Length: {len(body)}", "Content-Type: application/json")
    reply = raw.ask(local, "POST /api/generate HTTP/1.1", host(local), *told, body=body)
    assert reply.status in (400, 422)
    assert "Traceback" not in reply.text


@pytest.mark.parametrize("path", ["/", "/api/events", "/gradio_api/queue/data"])
def test_a_websocket_is_not_opened(local: Studio, guarded: Studio, path: str) -> None:
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    foreign = (f"GET {path} HTTP/1.1", *upgrade, key, "Origin: https://evil.example")
    assert raw.ask(local, *foreign, host(local)).status == 403
    assert raw.ask(guarded, *foreign[:-1], host(guarded)).status == 401


def test_many_event_streams_hold_nobody_up_and_go_when_their_readers_go(local: Studio) -> None:
    process = psutil.Process(_pid(local))
    before = process.num_fds()
    with ExitStack() as readers:
        for _ in range(150):
            peer = readers.enter_context(raw.connect(local))
            peer.sendall(f"GET /api/events HTTP/1.1\r\n{host(local)}\r\n\r\n".encode())
        started = time.monotonic()
        assert raw.ask(local, GET, host(local)).status == 200
        assert time.monotonic() - started < 3
    end = time.monotonic() + 10
    while process.num_fds() > before + 20 and time.monotonic() < end:
        time.sleep(0.1)
    assert process.num_fds() <= before + 20


def test_more_connections_than_the_studio_bears_are_closed_and_it_goes_on(local: Studio) -> None:
    process = psutil.Process(_pid(local))
    with ExitStack() as idle:
        for _ in range(connection.MAX_CONNECTIONS + 50):
            idle.enter_context(raw.connect(local))
        time.sleep(0.5)
        assert process.num_fds() < connection.MAX_CONNECTIONS + 150
    time.sleep(0.5)
    assert raw.ask(local, GET, host(local)).status == 200


def _pid(studio: Studio) -> int:
    return int(json.loads((studio.data / "studio.json").read_text())["pid"])
