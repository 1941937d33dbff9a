"""Bad input: the right status, one clear sentence, nothing half-done."""

from __future__ import annotations

import pytest

UNKNOWN = "0" * 32


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/api/sessions/{UNKNOWN}", None),
        ("PATCH", f"/api/sessions/{UNKNOWN}", {"name": "x"}),
        ("DELETE", f"/api/sessions/{UNKNOWN}", None),
        ("POST", f"/api/sessions/{UNKNOWN}/navigate", {"to": "back"}),
        ("POST", "/api/generate/batch", {"session_id": UNKNOWN, "prompt": "x"}),
        ("GET", f"/api/batches/{UNKNOWN}", None),
        ("POST", f"/api/batches/{UNKNOWN}/cancel", None),
        ("POST", f"/api/batches/{UNKNOWN}/retry", None),
        ("GET", f"/api/images/{UNKNOWN}", None),
        ("GET", f"/api/images/{UNKNOWN}/file", None),
        ("GET", f"/api/images/{UNKNOWN}/thumbnail", None),
        ("GET", f"/api/images/{UNKNOWN}/preview", None),
        ("GET", f"/api/images/{UNKNOWN}/recipe", None),
        ("PUT", f"/api/images/{UNKNOWN}/selection", {"selection": "selected"}),
        ("PUT", f"/api/images/{UNKNOWN}/rating", {"overall": 3}),
        ("POST", f"/api/images/{UNKNOWN}/actions", {"action": "saved"}),
        ("PUT", "/api/profiles/nobody", {"learning": False}),
    ],
)
async def test_an_unknown_id_is_not_found_and_named(api, method, path, body):
    detail = await api.refused(method, path, 404, body)
    assert UNKNOWN in detail or "nobody" in detail


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"prompt": "   "}, "prompt is empty"),
        ({"prompt": "<lora:film_grain:0.5>"}, "prompt is empty"),
        ({"count": 0}, "count"),
        ({"count": 201}, "count"),
        ({"count": "many"}, "count"),
        ({"count": True}, "count"),
        ({"seed": "7"}, "seed"),
        ({"prompt": "(), \x00 \u200b"}, "prompt is empty"),
        ({"tier": "\ud800"}, "tier"),
        ({"overrides": {"sampler": "euler_ancestra"}}, "euler_ancestral"),
        ({"aspect_ratio": "panorama"}, "portrait"),
        ({"seed": -1}, "seed"),
        ({"colour": "red"}, "colour"),
        ({"overrides": {"width": 100}}, "width"),
        ({"mode": "manual"}, "overrides.checkpoint"),
        ({"mode": "assisted"}, "plan_id"),
        ({"prompt": "x" * 20_001}, "prompt"),
    ],
)
async def test_a_request_that_can_never_work_is_refused_with_the_field(api, fields, part):
    body = {"session_id": await api.session(), "prompt": "a beach", **fields}
    assert part in await api.refused("POST", "/api/generate/batch", 422, body)


@pytest.mark.parametrize(
    ("fields", "status", "part"),
    [
        ({"tier": "sd15_drafd"}, 404, "sd15_draft"),
        ({"plan_id": UNKNOWN}, 404, UNKNOWN),
        ({"prompt": "a beach <lora:beach_sunsed:1>"}, 404, "beach_sunset"),
        ({"overrides": {"checkpoint": "nothing"}}, 404, "nothing"),
        ({"overrides": {"checkpoint": "epicrealism"}, "tier": "sdxl_standard"}, 422, "sd15"),
        ({"overrides": {"checkpoint": "tiny"}}, 409, "tiny-a"),
    ],
)
async def test_names_that_lead_nowhere_are_refused_with_what_there_is(api, fields, status, part):
    body = {"session_id": await api.session(), "prompt": "a beach", **fields}
    assert part in await api.refused("POST", "/api/generate/batch", status, body)


async def test_malformed_json_is_refused_with_the_place(api):
    reply = await api.http.post(
        "/api/sessions", content=b'{"name": ', headers={"content-type": "application/json"}
    )
    assert reply.status_code == 422
    assert "not valid JSON" in reply.json()["detail"]


async def test_a_path_that_does_not_exist_is_not_swallowed_by_the_page(api):
    assert "/docs" in await api.refused("GET", "/api/nothing", 404)


async def test_images_of_another_grid_cannot_be_selected(api):
    session = await api.session()
    one, two = await api.grid(session), await api.grid(session)
    body = {
        "session_id": session,
        "batch_id": one["id"],
        "action": "advance",
        "selected": [two["images"][0]["id"]],
    }
    assert "not in batch" in await api.refused("POST", "/api/iterate", 422, body)
    assert (await api.ok("GET", f"/api/batches/{one['id']}"))["outcome"] is None


async def test_a_batch_of_another_session_is_not_found(api):
    grid = await api.grid(await api.session())
    body = {"session_id": await api.session(), "batch_id": grid["id"], "action": "advance"}
    await api.refused("POST", "/api/iterate", 404, body)


async def test_advancing_without_a_pick_or_past_the_end_is_refused(api):
    session = await api.session()
    grid = await api.grid(session, count=9)
    body = {"session_id": session, "batch_id": grid["id"], "action": "advance"}
    assert "at least one" in await api.refused("POST", "/api/iterate", 422, body)
    everything = [image["id"] for image in grid["images"]]
    detail = await api.refused("POST", "/api/iterate", 422, {**body, "selected": everything})
    assert "Unpick 1" in detail
    for _ in range(3):
        grid = await api.iterate(session, grid, 0)
    body = {**body, "batch_id": grid["id"], "selected": [grid["images"][0]["id"]]}
    assert "last stage" in await api.refused("POST", "/api/iterate", 409, body)


async def test_a_finished_batch_cannot_be_cancelled_paused_resumed_or_retried(api):
    grid = await api.grid(await api.session())
    for act in ("cancel", "pause", "resume", "retry"):
        await api.refused("POST", f"/api/batches/{grid['id']}/{act}", 409)


async def test_there_is_no_way_back_from_the_first_grid(api):
    session = await api.session()
    await api.grid(session)
    path = f"/api/sessions/{session}/navigate"
    for direction in ("back", "forward"):
        assert direction in await api.refused("POST", path, 409, {"to": direction})


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ([], "version"),
        ({"version": "9.9"}, "version"),
        ({"version": "1.0", "preferences": [{"id": "x"}]}, "preferences[0]"),
    ],
)
async def test_a_corrupt_import_is_refused_whole(api, document, part):
    detail = await api.refused("POST", "/api/preferences/import", 422, document)
    assert part in detail or "object" in detail
    assert (await api.ok("GET", "/api/preferences/stats"))["total_preferences"] == 0


async def test_without_any_server_online_generation_is_refused_with_the_reason(start_studio):
    async with start_studio(servers=[]) as api:
        body = {"session_id": await api.session(), "prompt": "a beach"}
        assert "server" in await api.refused("POST", "/api/generate/batch", 503, body)
        assert (await api.ok("GET", "/health"))["status"] == "degraded"
