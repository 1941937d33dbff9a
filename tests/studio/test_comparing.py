"""Two pictures that differ in their models alone, and the verdict that teaches."""

from __future__ import annotations

import pytest

A = {"loras": [{"name": "beach_sunset", "strength": 0.7}]}
B = {"loras": [{"name": "golden_hour", "strength": 0.7}]}


async def compare(api, a=A, b=B, **fields):
    body = {"prompt": "a beach at dusk", "a": a, "b": b, "seed": 7, **fields}
    launched = await api.ok("POST", "/api/compare", body)
    return await api.finished(launched["batch_id"])


async def test_both_sides_share_everything_but_the_loras(api):
    grid = await compare(api)
    first, second = grid["images"]
    for field in ("seed", "width", "height", "checkpoint", "negative_prompt"):
        assert first[field] == second[field]
    assert [lora["name"] for lora in first["loras"]] == ["beach_sunset.safetensors"]
    assert [lora["name"] for lora in second["loras"]] == ["golden_hour.safetensors"]
    assert (first["reason"], second["reason"]) == (
        "Side A of a comparison.",
        "Side B of a comparison.",
    )


async def test_the_better_side_teaches_and_may_change_its_mind(api):
    grid = await compare(api)
    path = f"/api/compare/{grid['id']}/verdict"
    assert await api.ok("POST", path, {"better": "a"}) == {"recorded": True}
    assert await api.ok("POST", path, {"better": "b"}) == {"recorded": True}
    stats = await api.ok("GET", "/api/preferences/stats")
    assert (stats["total_preferences"], stats["action_counts"]["selected"]) == (2, 1)
    exported = await api.ok("GET", "/api/preferences/export")
    picked = [one for one in exported["preferences"] if one["action"] == "selected"]
    assert [lora["name"] for lora in picked[0]["loras"]] == ["golden_hour.safetensors"]


async def test_neither_rejects_both(api):
    grid = await compare(api)
    told = await api.ok("POST", f"/api/compare/{grid['id']}/verdict", {"better": "neither"})
    assert told == {"recorded": True}
    stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["action_counts"]["rejected"] == 2


async def test_a_profile_that_does_not_learn_is_told_so(api):
    grid = await compare(api, profile="quiet")
    await api.ok("PUT", "/api/profiles/quiet", {"learning": False})
    told = await api.ok("POST", f"/api/compare/{grid['id']}/verdict", {"better": "a"})
    assert told == {"recorded": False}


@pytest.mark.parametrize(
    ("a", "b", "status", "told"),
    [
        (A, A, 422, "the same"),
        (A, {"loras": [{"name": "sdxl/watercolor_xl"}]}, 422, "is made for sdxl"),
        (A, {"loras": [{"name": "no_such"}]}, 404, "no_such"),
        (A, {"checkpoint": "sdxl/epicrealismXL", "loras": []}, 422, "but the pictures are sd15"),
    ],
)
async def test_what_cannot_be_compared_is_one_sentence(api, a, b, status, told):
    body = {"prompt": "a beach", "checkpoint": "epicrealism", "a": a, "b": b}
    assert told in await api.refused("POST", "/api/compare", status, body)


async def test_a_usual_grid_has_no_verdict(api):
    session = await api.session()
    grid = await api.grid(session)
    said = await api.refused("POST", f"/api/compare/{grid['id']}/verdict", 409, {"better": "a"})
    assert "is no comparison" in said
