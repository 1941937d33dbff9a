"""What the studio's answers allow a browser to do, and what they must never hold."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from companion_app.api import Gate, problems
from companion_app.embedded import create_app
from tests.studio.conftest import running
from tests.studio.harness import Api, studio_over
from vibes.settings import ServerConfig
from vibes.storage import PictureFiles

from .conftest import SERVER_SECRETS, Studio

PATHS = ("/", "/docs", "/openapi.json", "/health", "/api/sessions", "/api/events", "/nothing")
MORE_PATHS = ("/api/nothing", "/studio-assets/main.js", "/theme.css", "/config", "/gradio_api/info")


@pytest.mark.parametrize("path", [*PATHS, *MORE_PATHS])
def test_every_answer_forbids_sniffing_framing_and_telling_others(
    local: Studio, guarded: Studio, path: str
) -> None:
    for studio in (local, guarded):
        with studio.client() as client, client.stream("GET", path) as reply:
            headers = reply.headers
            assert headers.get_list("x-content-type-options") == ["nosniff"]
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert len(headers.get_list("content-security-policy")) == 1
            policy = headers["content-security-policy"].split("; ")
            assert "frame-ancestors 'self'" in policy
            assert ("sandbox" in policy) is not headers["content-type"].startswith("text/html")
            assert "server" not in headers


def test_what_was_not_changed_keeps_the_policy_it_came_with(local: Studio) -> None:
    with local.client() as client:
        tag = client.get("/studio-assets/main.js").headers["etag"]
        reply = client.get("/studio-assets/main.js", headers={"if-none-match": tag})
    assert reply.status_code == 304
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in reply.headers


async def test_the_unforeseen_is_armoured_too_and_tells_nothing() -> None:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Gate)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("s3cret-in-an-exception")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        reply = await client.get("/broken")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "s3cret" not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]


HOSTILE_PICTURES = {
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a page in a picture": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>",
    "a script in a picture": b"\xff\xd8\xff/*",
    "nothing": b"",
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """A studio in this process, over one quick render server."""
    async with running(create_app(name="one", seconds_per_image=0.0)) as url:
        server = ServerConfig.model_validate({"name": "one", "url": url})
        async with studio_over([server], tmp_path) as api:
            yield api


async def test_a_picture_never_becomes_a_page(api: Api, tmp_path: Path) -> None:
    grid = await api.grid(await api.session(), count=1)
    image = grid["images"][0]["id"]
    original = PictureFiles(tmp_path).original(image)
    for data in HOSTILE_PICTURES.values():
        original.write_bytes(data)
        reply = await api.http.get(f"/api/images/{image}/file")
        assert reply.headers["content-type"] in ("image/png", "image/jpeg", "image/webp")
        assert reply.headers["x-content-type-options"] == "nosniff"
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.endswith("sandbox")


def test_no_answer_tells_the_secrets_of_a_server(local: Studio) -> None:
    paths = ("/health", "/api/gpus", "/api/settings", "/config", "/", "/api/events")
    with local.client() as client:
        for path in paths:
            with client.stream("GET", path) as reply:
                start = next(reply.iter_text(), "")
            assert not [secret for secret in SERVER_SECRETS if secret in start], path
        client.post("/api/generate", json={"session_id": "x", "prompt": "x"})
    assert not [secret for secret in SERVER_SECRETS if secret in local.log.read_text()]


def test_a_refused_body_is_not_repeated_where_it_may_hold_a_secret(local: Studio) -> None:
    server = {"name": "a b", "url": "http://u:s3cret@[", "headers": {"X-Key": 5318008}}
    with local.client() as client:
        reply = client.post("/api/gpus", json=server)
    assert reply.is_client_error
    assert "s3cret" not in reply.text
    assert "5318008" not in reply.text


def test_what_the_studio_writes_about_servers_is_for_its_owner_only(local: Studio) -> None:
    private = [local.data / "studio.json", local.data / "servers.yaml"]
    for path in private:
        assert not path.exists() or stat.S_IMODE(path.stat().st_mode) == 0o600
