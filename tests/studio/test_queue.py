"""The queue: seen, put in another order, and single images called off, held and tried again."""

from __future__ import annotations

import asyncio

import pytest

from companion_app.embedded import create_app
from tests.studio.conftest import running
from tests.studio.harness import studio_over
from vibes.settings import ServerConfig, load_settings
from vibes.storage import check

UNKNOWN = "0" * 32
STAGE = load_settings().stages[0].name
ONE_KIND = {"overrides": {"checkpoint": "epicrealism", "loras": []}}
"""No image of one kind goes before another because a server has loaded its models."""


@pytest.fixture
async def busy(tmp_path):
    """A studio whose only server needs a minute per image."""
    async with running(create_app(name="slow", seconds_per_image=60)) as url:
        server = ServerConfig.model_validate({"name": "slow", "url": url})
        async with studio_over([server], tmp_path) as api:
            yield api


async def queue(api):
    return (await api.ok("GET", "/api/queue"))["batches"]


async def order(api):
    return [batch["id"] for batch in await queue(api)]


async def eventually(api, look):
    """The queue's batches once ``look`` is true of them."""
    for _ in range(200):
        if look(batches := await queue(api)):
            return batches
        await asyncio.sleep(0.05)
    raise AssertionError(batches)


async def followed(api, act):
    """The events published while ``act`` ran."""
    studio = api.http._transport.app.state.studio
    events = studio.progress.bursts()
    await act
    studio.progress.close()
    return [event async for burst in events for event in burst]


async def test_an_empty_queue_has_nothing_left(api):
    assert await api.ok("GET", "/api/queue") == {"seconds_left": None, "batches": []}


async def test_the_queue_shows_what_runs_what_waits_and_for_whom(busy):
    session = await busy.session(name="Beach")
    batch = await busy.generate(session, "a beach", count=4, **ONE_KIND)
    [shown] = await eventually(busy, lambda b: b[0]["images"][0]["phase"] == "running")
    assert (shown["id"], shown["session_id"], shown["session_name"]) == (batch, session, "Beach")
    assert (shown["prompt"], shown["stage_name"], shown["state"]) == (
        "a beach",
        STAGE,
        "running",
    )
    assert (shown["priority"], shown["paused"]) == ("normal", False)
    assert (shown["total_count"], shown["done_count"], shown["failed_count"]) == (4, 0, 0)
    assert shown["waiting_count"] + shown["running_count"] == 4
    assert shown["running_count"] >= 1
    first, last = shown["images"][0], shown["images"][-1]
    assert (first["server"], first["attempt"], first["held"]) == ("slow", 1, False)
    assert (last["phase"], last["error"]) == ("waiting", None)
    assert first["checkpoint"].endswith(".safetensors")
    assert all({"name", "strength"} == lora.keys() for lora in first["loras"])


async def test_batches_of_a_session_can_be_put_in_another_order(busy):
    session = await busy.session()
    one, two, three = [await busy.generate(session, count=2, **ONE_KIND) for _ in range(3)]
    await eventually(busy, lambda b: b[0]["running_count"] == 2)
    assert await order(busy) == [one, two, three]
    events = await followed(busy, busy.ok("POST", f"/api/batches/{three}/move", {"before": two}))
    assert "queue" in [event["type"] for event in events]
    assert await order(busy) == [one, three, two]
    await busy.ok("POST", f"/api/batches/{three}/move", {"before": None})
    assert await order(busy) == [one, two, three]


async def test_a_batch_moves_only_within_its_session_and_only_before_what_there_is(busy):
    one = await busy.generate(await busy.session(), count=1, **ONE_KIND)
    two = await busy.generate(await busy.session(), count=1, **ONE_KIND)
    move = f"/api/batches/{one}/move"
    assert "own session" in await busy.refused("POST", move, 409, {"before": two})
    assert UNKNOWN in await busy.refused("POST", move, 404, {"before": UNKNOWN})
    assert "before" in await busy.refused("POST", move, 422, {})
    await busy.ok("POST", f"/api/batches/{one}/cancel")
    assert "cancelled" in await busy.refused("POST", move, 409, {"before": None})


async def test_an_urgent_batch_goes_before_all_others(busy):
    one = await busy.generate(await busy.session(), count=3, **ONE_KIND)
    two = await busy.generate(await busy.session(), count=2, **ONE_KIND)
    await eventually(busy, lambda b: b[0]["running_count"] == 2)
    shown = await busy.ok("PATCH", f"/api/batches/{two}", {"priority": "high"})
    assert shown["priority"] == "high"
    waiting = {b["id"]: [i["phase"] for i in b["images"]] for b in await queue(busy)}
    assert set(waiting[two]) == {"waiting"}
    await busy.ok("POST", f"/api/batches/{one}/cancel")
    [only] = await eventually(busy, lambda b: b[0]["running_count"] == 2)
    assert (only["id"], only["priority"]) == (two, "high")
    assert "'high'" in await busy.refused("PATCH", f"/api/batches/{two}", 422, {"priority": "top"})


async def test_images_of_a_batch_can_be_put_in_another_order(busy):
    batch = await busy.generate(await busy.session(), count=5, **ONE_KIND)
    [shown] = await eventually(busy, lambda b: b[0]["running_count"] == 2)
    ids = [image["id"] for image in shown["images"]]
    view = await busy.ok("POST", f"/api/images/{ids[4]}/move", {"before": ids[2]})
    assert view["id"] == ids[4]
    [shown] = await queue(busy)
    assert [image["index"] for image in shown["images"]] == [0, 1, 4, 2, 3]
    other = await busy.generate(await busy.session(), count=1, **ONE_KIND)
    foreign = (await busy.ok("GET", f"/api/batches/{other}"))["images"][0]["id"]
    await busy.refused("POST", f"/api/images/{ids[4]}/move", 409, {"before": foreign})
    assert batch == shown["id"]


async def test_one_image_can_be_called_off_while_the_others_go_on(busy):
    batch = await busy.generate(await busy.session(), count=3, **ONE_KIND)
    [shown] = await eventually(busy, lambda b: b[0]["images"][0]["phase"] == "running")
    running_one, waiting_one = shown["images"][0]["id"], shown["images"][2]["id"]
    for image in (running_one, waiting_one):
        assert (await busy.ok("POST", f"/api/images/{image}/cancel"))["state"] == "cancelled"
    await busy.refused("POST", f"/api/images/{waiting_one}/cancel", 409)
    [shown] = await eventually(busy, lambda b: b[0]["images"][0]["phase"] == "running")
    assert [image["index"] for image in shown["images"]] == [1]
    assert (await busy.ok("GET", f"/api/batches/{batch}"))["state"] == "running"


async def test_what_is_called_off_stays_so_though_its_picture_is_about_to_land(api, tmp_path):
    batch = await api.generate(await api.session(), count=200)  # never all made by then
    for _ in range(400):
        if (await api.ok("GET", f"/api/batches/{batch}"))["done_count"]:
            break
        await asyncio.sleep(0.01)
    cancelled = await api.ok("POST", f"/api/batches/{batch}/cancel")
    assert cancelled["state"] == "cancelled"
    assert cancelled["seconds_left"] is None
    await asyncio.sleep(0.5)
    assert (await api.finished(batch))["done_count"] == cancelled["done_count"]
    assert check(tmp_path) == []


async def test_a_held_image_waits_until_it_is_resumed_even_over_a_restart(start_studio, tmp_path):
    async with start_studio() as api:
        session = await api.session()
        for name in ("studio-1", "studio-2"):
            await api.ok("POST", f"/api/gpus/{name}/drain")
        batch = await api.generate(session, count=3)
        image = (await api.ok("GET", f"/api/batches/{batch}"))["images"][1]
        assert (await api.ok("POST", f"/api/images/{image['id']}/pause"))["held"]
        for name in ("studio-1", "studio-2"):
            await api.ok("POST", f"/api/gpus/{name}/use")
        await eventually(api, lambda b: b[0]["done_count"] == 2)
    async with start_studio() as api:
        [shown] = await queue(api)
        assert [(one["index"], one["held"]) for one in shown["images"]] == [(1, True)]
        assert (await api.ok("POST", f"/api/images/{image['id']}/resume"))["held"] is False
        assert (await api.finished(batch))["state"] == "done"
        await api.refused("POST", f"/api/images/{image['id']}/resume", 409)
    assert check(tmp_path) == []


async def test_priority_order_and_pause_survive_a_restart(start_studio, tmp_path):
    async with start_studio() as api:
        for name in ("studio-1", "studio-2"):
            await api.ok("POST", f"/api/gpus/{name}/drain")
        session = await api.session()
        one, two, three = [await api.generate(session, count=2) for _ in range(3)]
        await api.ok("POST", f"/api/batches/{three}/move", {"before": one})
        await api.ok("PATCH", f"/api/batches/{two}", {"priority": "high"})
        await api.ok("POST", f"/api/batches/{one}/pause")
        before = await queue(api)
        assert [batch["id"] for batch in before][:2] == [two, three]
    async with start_studio() as api:
        after = await queue(api)
        fields = ("id", "priority", "paused", "state")
        assert [[b[f] for f in fields] for b in after] == [[b[f] for f in fields] for b in before]
        for name in ("studio-1", "studio-2"):
            assert (await api.ok("POST", f"/api/gpus/{name}/use"))["draining"] is False
        assert (await api.finished(three))["state"] == "done"
        assert (await api.ok("GET", f"/api/batches/{one}"))["state"] == "paused"
    assert check(tmp_path) == []


async def test_a_failed_image_is_shown_below_the_open_ones_and_can_be_tried_again(api, tmp_path):
    batch = await api.generate(await api.session(), "doomed", count=2)
    grid = await api.finished(batch)
    assert grid["state"] == "failed"
    [shown] = await queue(api)
    assert (shown["state"], shown["failed_count"], shown["seconds_left"]) == ("failed", 2, None)
    image = shown["images"][0]
    assert image["error"]
    assert image["phase"] is None
    await api.ok("POST", f"/api/images/{image['id']}/retry")
    assert (await api.finished(batch))["failed_count"] == 2
    await api.refused("POST", f"/api/images/{UNKNOWN}/retry", 404)
    assert check(tmp_path) == []


async def test_a_batch_shows_how_far_its_images_are_to_whoever_comes_later(busy):
    batch = await busy.generate(await busy.session(), count=2, **ONE_KIND)
    for _ in range(200):
        images = (await busy.ok("GET", f"/api/batches/{batch}"))["images"]
        if images[0]["progress"]:
            break
        await asyncio.sleep(0.05)
    assert images[0]["progress"].keys() == {"value", "max", "preview_url"}
    assert images[1]["progress"] is None


async def test_what_is_done_to_an_unknown_or_finished_image_is_refused(api):
    grid = await api.grid(await api.session(), count=1)
    finished = grid["images"][0]["id"]
    for act in ("cancel", "pause", "resume", "retry"):
        assert UNKNOWN in await api.refused("POST", f"/api/images/{UNKNOWN}/{act}", 404)
        detail = await api.refused("POST", f"/api/images/{finished}/{act}", 409)
        assert detail == f"This image is collected: there is nothing to {act}."
    for path in ("images", "batches"):
        await api.refused("POST", f"/api/{path}/{UNKNOWN}/move", 404, {"before": None})
    await api.refused("PATCH", f"/api/batches/{UNKNOWN}", 404, {"priority": "low"})
