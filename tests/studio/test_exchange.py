"""What was learned, out of one studio and into another, forgotten and told to others."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.preferences.samples import submitted
from tests.studio.harness import studio_over
from vibes.preferences import LoraUse
from vibes.preferences.lines import header

HISTORY = [
    submitted(
        f"b{number}",
        [("epic", number % 2 == 0), ("toon", True), ("toon", False)],
        keywords=("beach", "sunset") if number % 3 else ("forest",),
        loras=("grain",) if number % 4 else (),
    )
    for number in range(12)
]
BROKEN = {**HISTORY[0].to_dict(), "id": "broken", "stage": -1}


def lines(*events):
    told = [header(len(events)), *events]
    return "\n".join(json.dumps(line, separators=(",", ":")) for line in told).encode()


async def taught(api, history=HISTORY):
    await api.ok("POST", "/api/preferences/events", [event.to_dict() for event in history])
    return await snapshot(api)


async def snapshot(api, profile="default"):
    reply = await api.http.get("/api/preferences/snapshot", params={"profile": profile})
    assert reply.status_code == 200, reply.text
    return reply.content


async def brought(api, content):
    reply = await api.http.post("/api/preferences/import", content=content)
    assert reply.status_code == 200, reply.text
    return reply.json()["imported"]


@pytest.fixture
async def taste_api(start_studio):
    async with start_studio(policy="taste") as api:
        yield api


@pytest.fixture
async def elsewhere(servers, tmp_path):
    """Another studio, with nothing learned yet."""
    async with studio_over(servers, tmp_path / "elsewhere", policy="taste") as api:
        yield api


@pytest.mark.parametrize("format", ["json", "jsonl"])
async def test_another_studio_learns_exactly_the_same(taste_api, elsewhere, format):
    again = replace(HISTORY[3], id="again", images=HISTORY[3].images[:2])
    here = await taught(taste_api, [*HISTORY, again])
    reply = await taste_api.http.get("/api/preferences/export", params={"format": format})
    assert await brought(elsewhere, reply.content) == 35
    assert await snapshot(elsewhere) == here
    assert await brought(elsewhere, reply.content) == 0
    assert await snapshot(elsewhere) == here


async def test_lines_say_what_they_are_and_how_many_follow(taste_api):
    await taught(taste_api)
    reply = await taste_api.http.get("/api/preferences/export?format=jsonl")
    assert reply.headers["content-type"] == "application/x-ndjson"
    first, *others = map(json.loads, reply.text.splitlines())
    assert first == {"type": "header", "version": "1.1", "events": 12}
    assert others == [json.loads(json.dumps(event.to_dict())) for event in HISTORY]


async def test_a_file_with_one_bad_line_changes_nothing(taste_api):
    before = await snapshot(taste_api)
    body = lines(HISTORY[0].to_dict(), BROKEN)
    reply = await taste_api.http.post("/api/preferences/import", content=body)
    assert reply.status_code == 422
    assert reply.json()["detail"].startswith("line 3.stage is -1")
    assert await snapshot(taste_api) == before


async def test_a_rebuild_says_that_all_is_as_it_was(taste_api):
    await taught(taste_api)
    told = await taste_api.ok("POST", "/api/preferences/rebuild")
    assert (told["events"], told["same"]) == (12, True)
    assert told["before"] == told["after"]
    assert told["seconds"] > 0


async def test_a_rating_tells_how_its_image_was_made_and_teaches_by_itself(taste_api):
    grid = await taste_api.grid(await taste_api.session(), "a beach", count=1)
    [image] = grid["images"]
    nothing = await snapshot(taste_api)
    await taste_api.ok("PUT", f"/api/images/{image['id']}/rating", {"overall": 5})
    await taste_api.ok("POST", f"/api/images/{image['id']}/actions", {"action": "saved"})
    assert await snapshot(taste_api) != nothing
    exported = await taste_api.ok("GET", "/api/preferences/export")
    rated, saved = exported["image_events"]
    for event in (rated, saved):
        assert event["candidate"]["checkpoint"] == image["checkpoint"]
        assert (event["keywords"], event["stage"]) == (["beach"], 0)


async def test_forgetting_asks_first_and_can_be_taken_back(taste_api):
    before = await taught(taste_api)
    path = "/api/preferences/forget"
    asked = await taste_api.ok("POST", path, {"lora": "grain"})
    assert asked == {"count": 9, "undo": None}
    assert await snapshot(taste_api) == before
    told = await taste_api.ok("POST", path, {"lora": "grain", "confirm": True})
    assert told["count"] == 9
    assert b'"grain"' not in await snapshot(taste_api)
    token = {"undo": told["undo"]}
    assert await taste_api.ok("POST", "/api/preferences/undo", token) == {"count": 9}
    assert await snapshot(taste_api) == before
    assert "nothing to undo" in await taste_api.refused("POST", "/api/preferences/undo", 404, token)


async def test_a_model_is_forgotten_by_the_name_a_person_uses(taste_api):
    grain = (LoraUse("styles/Film_grain.safetensors", 0.5),)
    images = [
        replace(image, candidate=replace(image.candidate, loras=grain))
        for image in HISTORY[0].images
    ]
    await taught(taste_api, [replace(HISTORY[0], images=tuple(images))])
    for name in ("film_grain", "Film_grain.safetensors", "film"):
        told = await taste_api.ok("POST", "/api/preferences/forget", {"lora": name})
        assert told["count"] == 1


@pytest.mark.parametrize(
    ("request_", "status", "told"),
    [
        ({}, 422, "Say one thing to forget"),
        ({"lora": "grain", "keyword": "beach"}, 422, "Say one thing to forget"),
        ({"since": "yesterday"}, 422, "since is 'yesterday'; expected a day or time"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, 422, "No time is from 2026-02-01 until"),
        ({"lora": "grain", "profile": "nobody"}, 404, "There is no profile 'nobody'"),
        ({"everything": True, "surely": True}, 422, "surely"),
    ],
)
async def test_what_cannot_be_forgotten_is_said(taste_api, request_, status, told):
    body = {**request_, "confirm": True}
    assert told in await taste_api.refused("POST", "/api/preferences/forget", status, body)


async def test_a_forgotten_event_may_come_back_with_an_import(taste_api):
    before = await taught(taste_api)
    exported = (await taste_api.http.get("/api/preferences/export?format=jsonl")).content
    everything = {"everything": True, "confirm": True}
    assert (await taste_api.ok("POST", "/api/preferences/forget", everything))["count"] == 12
    stats = await taste_api.ok("GET", "/api/preferences/stats")
    assert stats["total_preferences"] == 0
    assert await brought(taste_api, exported) == 36
    assert await snapshot(taste_api) == before


async def test_a_prior_carries_what_models_are_worth_and_nothing_private(taste_api, elsewhere):
    await taught(taste_api)
    reply = await taste_api.http.get("/api/preferences/prior/build", params={"min_grids": 8})
    document = reply.json()
    assert (document["type"], document["version"], document["min_grids"]) == ("vibes-prior", 1, 8)
    told = {(kind, *parts) for kind, parts, *_ in document["features"]}
    assert {("checkpoint", "epic"), ("keyword_checkpoint", "beach", "toon")} <= told
    assert not any("forest" in key for key in told)  # seen in four grids only
    assert "2026" not in reply.text
    assert await elsewhere.ok("GET", "/api/preferences/prior") is None
    answer = await elsewhere.http.post("/api/preferences/prior", content=reply.content)
    assert answer.json() == {"features": len(document["features"])}
    assert await elsewhere.ok("GET", "/api/preferences/prior") == document
    assert json.loads(await snapshot(elsewhere))["policy"]["prior"]


async def test_a_prior_outlasts_a_restart_and_can_be_dropped(start_studio):
    async with start_studio(policy="taste") as api:
        nothing = await snapshot(api)
        await taught(api)
        built = await api.http.get("/api/preferences/prior/build", params={"min_grids": 1})
        await api.ok("POST", "/api/preferences/forget", {"everything": True, "confirm": True})
        await api.http.post("/api/preferences/prior", content=built.content)
        started_from = await snapshot(api)
        assert started_from != nothing
    async with start_studio(policy="taste") as api:
        assert await snapshot(api) == started_from
        await api.ok("DELETE", "/api/preferences/prior")
        assert await snapshot(api) == nothing
    async with start_studio(policy="taste") as api:
        assert await snapshot(api) == nothing


async def test_a_studio_starts_with_a_damaged_prior_as_with_none(start_studio, tmp_path, caplog):
    (tmp_path / "prior.json").write_text('{"type": "vibes-prior", "version": 1}')
    async with start_studio(policy="taste") as api:
        assert json.loads(await snapshot(api))["policy"]["prior"] is None
    assert "prior.min_grids is missing" in caplog.text


async def test_only_the_policy_that_can_start_from_a_prior_makes_one(start_studio):
    async with start_studio(policy="selection_rate") as api:
        told = await api.refused("GET", "/api/preferences/prior/build", 409)
        assert "makes no prior" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "header"}, "This is no prior"),
        ({"version": 2}, "version is not 1"),
        ({"features": [["colour", ["red"], 0.0, 1.0]]}, "prior.features[0] is of kind 'colour'"),
        ({"features": [["lora", ["x"], 0.0, 0.0]]}, "prior.features[0][3] is 0.0; expected"),
        ({"features": [["lora", ["x"], "0", []]]}, "prior.features[0][3] is a list; expected"),
        ({"features": [["lora", ["x"], 0, 1]] * 2}, "prior.features[1] stands in the document"),
        ({"features": None}, "prior.features is None; expected a list"),
    ],
)
async def test_what_is_no_prior_is_refused(taste_api, change, told):
    document = {"type": "vibes-prior", "version": 1, "min_grids": 5, "features": [], **change}
    assert told in await taste_api.refused("POST", "/api/preferences/prior", 422, document)
    assert await taste_api.ok("GET", "/api/preferences/prior") is None


@pytest.mark.parametrize("profile", ["a" * 61, "a\0b"])
async def test_no_import_makes_a_profile_nobody_could_name(taste_api, profile):
    document = await taste_api.ok("GET", "/api/preferences/export")
    event = {**HISTORY[0].to_dict(), "profile": profile}
    refusal = await taste_api.refused("POST", "/api/preferences/events", 422, [event])
    assert "is no name of a profile" in refusal
    assert profile not in [one["name"] for one in await taste_api.ok("GET", "/api/profiles")]
    assert await taste_api.ok("GET", "/api/preferences/export") == document
