"""What many scored pictures say together: relative first, then in percentages."""

from __future__ import annotations

import pytest

from tests.studio.scored import BOAT, DUSK, STYLE, calibrate, score

OFF = {"enabled": False}


@pytest.fixture
async def grids(start_studio, tmp_path):
    """Two scored grids of two prompts, one picture each that shows no red boat."""
    async with start_studio(scoring=OFF) as api:
        session = await api.session(name="Boats")
        made = [await api.grid(session, prompt) for prompt in ("a red boat", "red boats")]
    shares = (0.9, 0.8, 0.1, 0.7), (0.95, 0.9, 0.2, 0.85)
    pictures = {
        image["id"]: {BOAT: p, DUSK: 0.6, STYLE: p}
        for grid, some in zip(made, shares, strict=True)
        for image, p in zip(grid["images"], some, strict=True)
    }
    await score(tmp_path, pictures)
    return made


async def test_before_there_are_labels_everything_is_relative(start_studio, grids):
    async with start_studio(scoring=OFF) as api:
        found = await api.ok("GET", "/api/quality")
        assert (found["calibrated"], found["scored"], found["flagged"]) == (False, 8, 0)
        assert found["success"] == found["sessions"][0]["failed"] == 0
        assert found["average"] is None
        assert "not calibrated" in found["basis"]
        boat, dusk = found["keywords"]
        assert (boat["keyword"], boat["success"], boat["total"]) == ("a red boat", 6, 8)
        assert (dusk["success"], dusk["rate"]) == (8, 1.0)
        assert boat["interval"][0] < boat["rate"] == 0.75 < boat["interval"][1]
        [style] = found["variations"]
        assert (style["slot"], style["value"], style["total"]) == ("medium", "oil painting", 8)
        assert len(found["worst"]) == 8
        assert found["worst"][0]["id"] == grids[0]["images"][2]["id"]
        assert found["worst"][0]["why"] == "Rather something else than “a red boat”."
        [session] = found["sessions"]
        assert (session["name"], session["average"], session["complete"]) == ("Boats", None, None)
        assert found["grids"] == []


async def test_with_labels_there_are_averages_and_what_is_not_good_enough(
    start_studio, grids, tmp_path
):
    calibrate(tmp_path)
    async with start_studio(scoring=OFF) as api:
        [session] = await api.ok("GET", "/api/sessions")
        for where in ({}, {"session_id": session["id"]}, {"profile": "default"}):
            found = await api.ok("GET", "/api/quality", **where)
            assert (found["calibrated"], found["scored"]) == (True, 8)
            assert 0 < found["average"] < 100
            assert found["flagged"] >= 2
            assert "at least 80" in found["basis"]
            assert found["grids"][0]["batch_id"] == grids[0]["id"]
            assert found["sessions"][0]["complete"] is False
            assert (found["success"], found["sessions"][0]["failed"]) == (0, 2)
            assert found["worst"][0]["why"].endswith("%.")
        await api.refused("GET", "/api/quality?session_id=nobody", 404)
        await api.refused("GET", "/api/quality?profile=nobody", 404)


async def test_two_formulations_are_compared_until_one_may_stop(start_studio, grids):
    async with start_studio(scoring=OFF) as api:
        prompts = await api.ok("GET", "/api/quality/prompts")
        assert {p["prompt"]: p["scored"] for p in prompts} == {"a red boat": 4, "red boats": 4}
        found = await api.ok("GET", "/api/quality/compare", a="a red boat", b="red boats")
        assert (found["verdict"], found["a"]["scored"], found["b"]["scored"]) == ("go_on", 4, 4)
        assert found["more"] > 0
        assert found["sentence"].startswith("Go on")
        assert found["b"]["mean"] > found["a"]["mean"]
        await api.refused("GET", "/api/quality/compare?a=a%20red%20boat&b=gone", 404)
