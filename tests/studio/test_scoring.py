"""Pictures are scored once they are made: by a process of its own, each once, whatever ends."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from companion_app.studio import scores
from companion_app.studio.scoring_line import MOST_ENDS, ScoringLine
from tests.studio.harness import Api
from vibes.scoring.torch_modules import missing_modules
from vibes.storage import Store, open_database

TINY = Path(__file__).parents[1] / "assets" / "tiny_clip"
SCORING = {"model": str(TINY), "device": "cpu"}
NAME = "vibes-scoring"
PROMPT = "a red boat at dusk"

needs_torch = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed here")


def processes() -> list[Any]:
    return [child for child in multiprocessing.active_children() if child.name == NAME]


async def eventually(look: Callable[[], Any], seconds: float = 120) -> Any:
    """What ``look`` gives once that is something."""
    for _ in range(int(seconds * 20)):
        found = look()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to pass")


async def all_scored(api: Api, batch: str, but: int = 0) -> dict[str, Any]:
    """The grid once all its pictures are scored, but so many."""

    async def look() -> dict[str, Any] | None:
        grid = await api.ok("GET", f"/api/batches/{batch}")
        scored = [image for image in grid["images"] if image["adherence"]]
        return grid if len(scored) == len(grid["images"]) - but else None

    return await eventually(look)


async def nothing_waits(api: Api) -> bool:
    return bool((await api.ok("GET", "/api/scoring"))["waiting"] == 0)


def studio_of(api: Api) -> Any:
    return api.http._transport.app.state.studio


async def told(bursts: AsyncGenerator[list[Any], None]) -> AsyncIterator[str]:
    """The images that are told to be scored, as they are."""
    async for burst in bursts:
        for event in burst:
            if event["type"] == "image_scored":
                assert event["adherence"]["rank"] == event["ranks"][event["image_id"]]
                yield event["image_id"]


@needs_torch
async def test_every_picture_is_scored_and_scores_teach_and_labels_become_percentages(
    start_studio, tmp_path
):
    modules = set(sys.modules)
    async with start_studio(scoring=SCORING) as api:
        state = await api.ok("GET", "/api/scoring")
        assert (state["state"], state["waiting"], state["model"]) == ("idle", 0, TINY.name)
        session = await api.session()
        grid = await all_scored(api, await api.generate(session, PROMPT, count=8))
        await _shows_scores(api, grid)
        await _shows_details(api, grid)
        await _becomes_calibrated(api, grid)
        await _leaves_when_idle(api)
        await api.iterate(session, grid, 0)
        assert b"adherence" in studio_of(api).taste.policy("default").dump()
        assert not {"torch", "open_clip"} & (set(sys.modules) - modules)
    assert processes() == []
    store = Store(open_database(tmp_path))
    [(_, event)] = store.events.after(0)
    shown = {image["id"]: image["scores"] for image in grid["images"]}
    assert {image.image_id: image.scores for image in event.images} == shown
    store.close()


async def _shows_scores(api: Api, grid: dict[str, Any]) -> None:
    found = [image["adherence"] for image in grid["images"]]
    assert [image["scores"] for image in grid["images"]] == [
        {"adherence": one["overall"]} for one in found
    ]
    assert {one["of"] for one in found} == {8}
    assert min(one["rank"] for one in found) == 1
    assert {(one["percent"], one["tag"], one["flagged"]) for one in found} == {(None, None, False)}
    best = max(found, key=lambda one: one["overall"])
    assert best["rank"] == 1
    [one] = [image for image in grid["images"] if image["adherence"] is best]
    assert (await api.ok("GET", f"/api/images/{one['id']}"))["adherence"] == best
    state = await api.ok("GET", "/api/scoring")
    assert (state["state"], state["waiting"], state["device"]) == ("ready", 0, "cpu")
    assert state["labels"] == {"total": 0, "needed": 20}


async def _shows_details(api: Api, grid: dict[str, Any]) -> None:
    image = grid["images"][0]
    detail = await api.ok("GET", f"/api/images/{image['id']}/adherence")
    assert image["adherence"].items() <= detail.items()
    assert {item["requirement"] for item in detail["items"]} >= {"a red boat", "at dusk"}
    for item in detail["items"]:
        assert len(item["alternatives"]) >= 3
        assert (item["of"], item["percent"], item["shown"]) == (8, None, None)
    assert detail["explanation"].endswith(".")
    await api.refused("GET", "/api/images/nobody/adherence", 404)


async def _leaves_when_idle(api: Api) -> None:
    studio_of(api).scores._idle_seconds = 0.1
    assert (await api.ok("POST", "/api/scoring/rescore")) == {"waiting": 0}
    await eventually(lambda: not processes())
    assert (await api.ok("GET", "/api/scoring"))["state"] == "idle"


async def _becomes_calibrated(api: Api, grid: dict[str, Any]) -> None:
    path = "/api/images/{}/adherence/labels"
    first = path.format(grid["images"][0]["id"])
    await api.refused("PUT", first, 404, {"requirement": "a cat", "shown": True})
    for place, image in enumerate(grid["images"]):
        for text in ("a red boat", "a boat", "at dusk"):
            said = {"requirement": text, "shown": place % 2 == 0}
            detail = await api.ok("PUT", path.format(image["id"]), said)
    assert detail["calibrated"]
    assert 0 <= detail["percent"] <= 100
    assert detail["tag"] in ("success", "partial", "failed")
    assert {item["shown"] for item in detail["items"]} == {False}
    state = await api.ok("GET", "/api/scoring")
    assert (state["calibrated"], state["labels"]) == (True, {"total": 24, "needed": 0})
    detail = await api.ok("PUT", first, {"requirement": "a boat", "shown": None})
    assert {item["requirement"]: item["shown"] for item in detail["items"]}["a boat"] is None


@pytest.mark.slow  # kills processes at moments it cannot choose
@needs_torch
async def test_what_a_studio_leaves_unscored_the_next_scores_once_however_often_it_is_killed(
    start_studio, tmp_path, monkeypatch
):
    monkeypatch.setattr(scores, "TOGETHER", 1)
    async with start_studio(scoring={"enabled": False}) as api:
        batch = (await api.grid(await api.session(), PROMPT, count=4))["id"]
        await api.refused("POST", "/api/scoring/rescore", 503)
    broken = min(tmp_path.rglob("images/*/*.png"))
    broken.write_bytes(b"no picture")
    async with start_studio(scoring=SCORING, wait=False) as api:
        news = told(studio_of(api).progress.bursts())
        (await eventually(processes))[0].kill()  # while it loads, as if memory were short
        heard = [await anext(news)]
        processes()[0].kill()  # while it looks at the next one
        heard += [await anext(news), await anext(news)]
        grid = await all_scored(api, batch, but=1)
        assert sorted(heard) == sorted(i["id"] for i in grid["images"] if i["adherence"])
        assert broken.stem not in heard
        await eventually(lambda: nothing_waits(api))  # the broken one may be the last in the line
        detail = await api.refused("GET", f"/api/images/{broken.stem}/adherence", 409)
        assert "its picture is unusable" in detail.lower()
        again = await api.ok("POST", "/api/scoring/rescore", {"batch_id": batch})
        assert again == {"waiting": 1}  # what has a score has it


async def test_where_nothing_can_be_scored_the_studio_says_so_and_works(start_studio, tmp_path):
    async with start_studio(scoring={"model": str(tmp_path / "gone")}) as api:
        grid = await api.grid(await api.session(), count=1)
        state = await api.ok("GET", "/api/scoring")
        assert state["state"] == "unavailable"
        assert state["detail"]
        await eventually(lambda: nothing_waits(api))
        [image] = grid["images"]
        assert (image["scores"], image["adherence"]) == ({}, None)
        await api.refused("GET", f"/api/images/{image['id']}/adherence", 409)
        await api.refused("POST", "/api/scoring/rescore", 503)
    assert processes() == []
    assert not (tmp_path / "scoring.db").exists()


@needs_torch
async def test_a_faulty_word_list_keeps_pictures_from_being_scored_and_is_named(
    start_studio, tmp_path
):
    words = tmp_path / "words"
    words.mkdir()
    (words / "alternatives.yaml").write_text("subject: a boat\n")
    async with start_studio(scoring=SCORING, lexicons=words, wait=False) as api:
        state = await api.ok("GET", "/api/scoring")
        assert state["state"] == "unavailable"
        assert "alternatives.yaml:1" in state["detail"]


async def test_scoring_can_be_switched_off(start_studio):
    async with start_studio(scoring={"enabled": False}, wait=False) as api:
        assert (await api.ok("GET", "/api/scoring"))["state"] == "off"


def test_new_pictures_come_before_those_that_were_asked_for_later():
    line = ScoringLine()
    line.add_later(["old", "older"])
    line.add("new")
    line.add_later(["new"])
    assert line.next(2) == ["new", "old"]
    line.take_out("new")
    assert (len(line), line.next(9)) == (2, ["old", "older"])


def test_a_picture_no_process_survives_is_found_out_alone_and_given_up():
    line = ScoringLine()
    for image in "abc":
        line.add(image)
    assert line.ended(line.next(8)) == []
    for image in "ab":  # harmless: each is tried alone
        assert line.next(8) == [image]
        line.take_out(image)
    for _ in range(MOST_ENDS - 2):
        assert line.ended(line.next(8)) == []
    assert line.ended(line.next(8)) == ["c"]
