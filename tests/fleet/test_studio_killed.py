"""The studio is killed with -9 wherever it stands, and goes on as if it had not been.

The servers are up all the while: what they made for the dead studio is found, not made again.
"""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import pytest

from tests.fleet import processes
from tests.fleet.dying_studio import POINTS
from tests.fleet.processes import assert_rendered_once, assert_whole, rows, until

nursery, world = processes.nursery, processes.world

SUBMITTING = ("before submitted", "submitted unannounced", "after submitted", "after the post")
COLLECTING = (
    "before collected",
    "original half written",
    "original written",
    "thumbnail half written",
    "thumbnail written",
    "collected unannounced",
    "after collected",
)
FAILING = ("before failed", "failed unannounced", "after failed")
CANCELLING = ("before cancelled", "cancelled unannounced", "after cancelled")
RETURNING = ("before returned", "after returned")
PLANNING = ("before planned", "after planned")
LEAVING = ("before the event", "after the event")
GROUPS = (PLANNING, SUBMITTING, COLLECTING, FAILING, CANCELLING, RETURNING, LEAVING)


def test_every_point_is_died_at():
    assert sorted(POINTS) == sorted(point for group in GROUPS for point in group)


@pytest.mark.parametrize("point", [*SUBMITTING, *COLLECTING])
async def test_a_studio_killed_on_the_way_to_a_picture_finds_all_it_had_begun(world, point):
    one = await world.server("one", seconds=0.05)
    two = await world.server("two", seconds=0.08)
    urls = {"one": one.url, "two": two.url}
    first = await world.studio(urls, die=point, turn=2)
    batch = await first.batch(5)
    await first.died(point)
    second = await world.studio(urls)
    grid = await assert_whole(second, batch, collected=5)
    await assert_rendered_once(grid, one, two)
    told = first.told("collected") + second.told("collected")
    assert set(told.values()) <= {1}


@pytest.mark.parametrize("point", PLANNING)
async def test_a_grid_that_is_stored_is_made_though_the_fleet_never_heard_of_it(world, point):
    one = await world.server("one")
    first = await world.studio({"one": one.url}, die=point)
    with pytest.raises(httpx.TransportError):  # the studio dies over the request
        await first.batch(3)
    await first.died(point)
    second = await world.studio({"one": one.url})
    (batch,) = {row["id"] for row in rows(world.data_dir, "SELECT id FROM grids")}
    grid = await assert_whole(second, batch, collected=3)
    await assert_rendered_once(grid, one)


@pytest.mark.parametrize("point", FAILING)
async def test_a_studio_killed_over_a_failure_ends_with_the_servers_words(world, point):
    one = await world.server("one", faults=("poison",))
    first = await world.studio({"one": one.url}, die=point)
    batch = await first.batch(1, prompt="a cup of poison")
    await first.died(point)
    second = await world.studio({"one": one.url})
    grid = await assert_whole(second, batch, failed=1)
    assert "asked to fail on 'poison'" in grid["images"][0]["error"]


@pytest.mark.parametrize("point", CANCELLING)
async def test_a_studio_killed_over_a_cancellation_leaves_nothing_half_called_off(world, point):
    one = await world.server("one", seconds=0.4)
    first = await world.studio({"one": one.url}, die=point)
    batch = await first.batch(4)
    await until(one.begun)
    with pytest.raises(httpx.TransportError):
        await first.api.ok("POST", f"/api/batches/{batch}/cancel")
    await first.died(point)
    second = await world.studio({"one": one.url})
    grid = await second.api.finished(batch)
    states = [image["state"] for image in grid["images"]]
    assert set(states) <= {"collected", "cancelled"}
    await until(lambda: _idle(one))  # what was called off is taken off the server
    counts = {state: states.count(state) for state in set(states)}
    await assert_whole(second, batch, **counts)


@pytest.mark.parametrize("point", RETURNING)
async def test_a_studio_killed_while_it_moves_an_image_elsewhere_makes_it_once(world, point):
    dying, other = await world.server("dying", seconds=5), await world.server("other", seconds=0.1)
    urls = {"dying": dying.url, "other": other.url}
    first = await world.studio(urls, die=point)
    batch = await first.batch(4)
    await until(dying.begun)
    await dying.kill()
    await first.died(point)
    second = await world.studio(urls, online=False)
    await assert_whole(second, batch, collected=4)
    assert max((await other.renders()).values()) == 1


@pytest.mark.parametrize("point", LEAVING)
async def test_a_grid_left_while_the_studio_dies_teaches_exactly_once(world, point):
    one = await world.server("one")
    first = await world.studio({"one": one.url}, die=point)
    batch = await first.batch(2, prompt="a beach")
    grid = await first.api.finished(batch)
    body = {
        "session_id": grid["session_id"],
        "batch_id": batch,
        "action": "advance",
        "selected": [grid["images"][0]["id"]],
    }
    with pytest.raises(httpx.TransportError):
        await first.api.ok("POST", "/api/iterate", body)
    await first.died(point)
    second = await world.studio({"one": one.url})
    following = (await second.api.ok("POST", "/api/iterate", body))["batch_id"]
    await assert_whole(second, following, collected=8)
    events = rows(world.data_dir, "SELECT batch FROM events WHERE settles IS NOT NULL")
    assert [event["batch"] for event in events] == [batch]
    grids = rows(world.data_dir, "SELECT id FROM grids WHERE stage = 1")
    assert [row["id"] for row in grids] == [following]


async def test_a_studio_killed_again_and_again_gets_on_with_it(world):
    """One data directory, one death after the other, each at another point."""
    one = await world.server("one", seconds=0.05)
    studio = await world.studio({"one": one.url}, die="after the post", turn=2)
    batch = await studio.batch(12)
    await studio.died("after the post")
    for point in ("after submitted", "thumbnail half written", "collected unannounced"):
        studio = await world.studio({"one": one.url}, die=point)
        await studio.died(point)
    studio = await world.studio({"one": one.url})
    grid = await assert_whole(studio, batch, collected=12)
    await assert_rendered_once(grid, one)


async def test_a_foreign_prompt_outlives_the_studio_that_shares_its_server(world):
    from tests.contract.graphs import draft

    one = await world.server("one", seconds=0.3)
    foreign = {"prompt": draft(batch_size=10), "prompt_id": "foreign", "client_id": "somebody"}
    pending = {**foreign, "prompt": draft(seed=7), "prompt_id": "foreign-2"}
    studio = await world.studio({"one": one.url})
    await one.ask("POST", "/prompt", foreign)
    batch = await studio.batch(2)
    await until(one.begun)
    await one.ask("POST", "/prompt", pending)
    await studio.kill()
    assert {"foreign", "foreign-2"} < set(await one.queue())
    studio = await world.studio({"one": one.url})
    await assert_whole(studio, batch, collected=2)
    for prompt in ("foreign", "foreign-2"):
        history = await until(lambda prompt=prompt: one.ask("GET", f"/history/{prompt}"))
        assert history[prompt]["status"]["status_str"] == "success"


@pytest.mark.slow
async def test_ten_deaths_at_random_moments_cost_no_image_and_no_render(world):
    rng = np.random.default_rng(20261121)
    one, two = await world.server("one", seconds=0.1), await world.server("two", seconds=0.15)
    urls = {"one": one.url, "two": two.url}
    studio = await world.studio(urls)
    batch = await studio.batch(120)
    for _ in range(10):
        await asyncio.sleep(float(rng.uniform(0.05, 1.2)))
        await studio.kill()
        studio = await world.studio(urls, online=False)
    grid = await assert_whole(studio, batch, collected=120)
    await assert_rendered_once(grid, one, two)


async def _idle(server) -> bool:
    return await server.queue() == []
