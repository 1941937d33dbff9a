"""Servers come, are tested, rest and go while the studio runs, and it keeps that to itself."""

from __future__ import annotations

import json
import logging
import stat

import pytest

from companion_app.embedded import create_app
from tests.studio.conftest import running
from vibes.settings import ServerConfig


@pytest.fixture
async def third():
    """The address of a server the configuration does not name."""
    async with running(create_app(name="three", seconds_per_image=0.02)) as url:
        yield url


def with_password(url):
    return url.replace("http://", "http://anna:geheim@")


async def test_a_server_is_tested_before_it_is_added(api, third):
    told = await api.ok("POST", "/api/gpus/test", {"url": third})
    assert told["ok"]
    assert told["checkpoints"] > 0
    assert {"version", "device", "vram_total", "loras", "nodes", "pack", "seconds"} <= told.keys()
    assert len(await api.ok("GET", "/api/gpus")) == 2
    nobody = {"url": "http://127.0.0.1:9", "name": "nobody"}
    told = await api.ok("POST", "/api/gpus/test", nobody)
    assert told["ok"] is False
    assert "nobody" in told["reason"]


async def test_an_added_server_works_at_once_and_after_a_restart(start_studio, third):
    async with start_studio(servers=[]) as api:
        body = {"name": "third", "url": third}
        added = await api.ok("POST", "/api/gpus", body)
        assert (added["name"], added["source"], added["headers"]) == ("third", "page", [])
        assert (await api.grid(await api.session(), count=2))["state"] == "done"
        assert "third" in await api.refused("POST", "/api/gpus", 409, body)
    async with start_studio(servers=[]) as api:
        [server] = await api.ok("GET", "/api/gpus")
        assert server["name"] == "third"
        assert (await api.http.request("DELETE", "/api/gpus/third")).status_code == 204
        assert await api.ok("GET", "/api/gpus") == []
        await api.refused("DELETE", "/api/gpus/third", 404)
    async with start_studio(servers=[]) as api:
        assert await api.ok("GET", "/api/gpus") == []


async def test_a_server_of_the_configuration_is_not_removed_from_the_page(api):
    [first, _] = await api.ok("GET", "/api/gpus")
    assert (first["source"], first["name"]) == ("config", "studio-1")
    assert "configuration" in await api.refused("DELETE", "/api/gpus/studio-1", 409)
    body = {"name": "studio-1", "url": "http://127.0.0.1:9"}
    await api.refused("POST", "/api/gpus", 409, body)


async def test_the_configuration_wins_over_a_server_added_under_the_same_name(
    start_studio, servers, third, caplog
):
    async with start_studio(servers=[]) as api:
        await api.ok("POST", "/api/gpus", {"name": "studio-1", "url": third})
    async with start_studio() as api:
        names = {server["name"]: server for server in await api.ok("GET", "/api/gpus")}
    assert names.keys() == {"studio-1", "studio-2"}
    assert names["studio-1"]["source"] == "config"
    assert names["studio-1"]["url"] == servers[0].shown_url
    assert "studio-1 stands in the configuration now" in caplog.text


async def test_a_drained_server_takes_nothing_until_it_is_used_again_even_after_a_restart(
    start_studio,
):
    async with start_studio() as api:
        drained = await api.ok("POST", "/api/gpus/studio-1/drain")
        assert (drained["draining"], drained["state"]) == (True, "draining")
        grid = await api.grid(await api.session(), count=4)
        assert {image["server"] for image in grid["images"]} == {"studio-2"}
    async with start_studio() as api:
        assert [s["draining"] for s in await api.ok("GET", "/api/gpus")] == [True, False]
        assert (await api.ok("POST", "/api/gpus/studio-1/use"))["draining"] is False
        for act in ("drain", "use"):
            assert "nobody" in await api.refused("POST", f"/api/gpus/nobody/{act}", 404)
    async with start_studio() as api:
        assert not any(s["draining"] for s in await api.ok("GET", "/api/gpus"))


async def test_passwords_and_header_values_stay_inside(start_studio, third, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    body = {
        "name": "third",
        "url": with_password(third),
        "headers": {"X-Key": "s3cr3t"},
    }
    replies = []
    async with start_studio(servers=[]) as api:
        for path in ("/api/gpus/test", "/api/gpus"):
            replies.append(await api.ok("POST", path, body))
        replies.append(await api.ok("GET", "/api/gpus"))
        replies.append(await api.ok("POST", "/api/gpus/third/drain"))
        lost = {**body, "url": "http://anna:geheim@127.0.0.1:9", "name": "lost"}
        replies.append(await api.ok("POST", "/api/gpus/test", lost))
        replies.append(await api.ok("POST", "/api/gpus", lost))
        replies.append(await api.ok("GET", "/api/gpus"))
        replies.append(await api.ok("GET", "/api/gpus/lost/faults"))
        replies.append(await api.ok("GET", "/api/queue"))
    told = json.dumps(replies) + caplog.text
    assert replies[1]["headers"] == ["X-Key"]
    assert replies[1]["url"] == third
    assert "geheim" not in told
    assert "anna" not in told
    assert "s3cr3t" not in told
    assert "s3cr3t" in (tmp_path / "servers.yaml").read_text()
    assert stat.S_IMODE((tmp_path / "servers.yaml").stat().st_mode) == 0o600


async def test_a_server_that_can_never_work_is_refused_with_what_is_wrong(api):
    wrong = {
        "an address as in http://": {"url": "ftp://anna:geheim@there"},
        "url": {"url": "http://\ud800"},
        "url: input": {"url": 5},
        "name": {"name": "x" * 500},
        "line break": {"headers": {"X-Key": "geheim\r\nHost: evil"}},
        "no text": {"headers": {"X-Key": "geheim\ud800"}},
        "there is no such file": {"ca_file": "/nowhere/ca.pem"},
        "secret": {"secret": 1},
    }
    for told, fields in wrong.items():
        body = {"name": "third", "url": "http://127.0.0.1:9", **fields}
        for path in ("/api/gpus", "/api/gpus/test"):
            detail = await api.refused("POST", path, 422, body)
            assert told in detail
            assert "geheim" not in detail
            assert len(detail) < 400
    assert len(await api.ok("GET", "/api/gpus")) == 2


async def test_the_faults_of_a_server_are_remembered_newest_first(start_studio):
    gone = ServerConfig.model_validate({"name": "gone", "url": "http://127.0.0.1:9"})
    async with start_studio(servers=[gone]) as api:
        faults = api.http._transport.app.state.studio.servers._faults
        faults.note("gone", "failed", "gone: http://anna:geheim@there broke.", "image")
        faults.note("gone", "online", "gone is back.", None)
        newest, older = await api.ok("GET", "/api/gpus/gone/faults", limit=2)
        assert (newest["kind"], newest["image_id"]) == ("online", None)
        assert older["sentence"] == "gone: http://there broke."
        assert newest["time"] >= older["time"]
        assert "nobody" in await api.refused("GET", "/api/gpus/nobody/faults", 404)
        await api.refused("GET", "/api/gpus/gone/faults?limit=0", 422)
