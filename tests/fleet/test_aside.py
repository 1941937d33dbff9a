"""Small pictures made beside the line of jobs."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import aiohttp
import pytest
from PIL import Image

from vibes.errors import Conflict, NotFound, RenderFailed, RenderStalled, ServerUnreachable


def recipe_of(job, **changes):
    return replace(job("any").recipe, **changes)


async def history(site):
    async with aiohttp.ClientSession() as http, http.get(f"{site.config.url}history") as reply:
        return await reply.json()


async def queue(site):
    async with aiohttp.ClientSession() as http, http.get(f"{site.config.url}queue") as reply:
        found = await reply.json()
        return found["queue_running"] + found["queue_pending"]


async def until(site, *, busy):
    """Wait until the server has something in its queue, or nothing."""
    while bool(await queue(site)) != busy:  # noqa: ASYNC110 – nobody announces it
        await asyncio.sleep(0.01)


async def test_a_picture_made_aside_is_no_job_and_tells_nobody(serve, studio, job):
    site = await serve("one")
    here = await studio(site)
    events = here.progress.bursts()
    picture = await here.fleet.render_aside("one", recipe_of(job))
    assert Image.open(io.BytesIO(picture)).size == (8, 8)  # plain ones are an eighth as large
    assert here.log.entries == []
    here.progress.close()
    assert [event async for burst in events for event in burst] == []
    [entry] = (await history(site)).values()
    [file] = [file for shown in entry["outputs"].values() for file in shown.get("images", ())]
    assert file["subfolder"] == "vibes/checks"


async def test_equal_recipes_give_equal_pictures(serve, studio, job):
    here = await studio(await serve("one"))
    first, again, other = [
        await here.fleet.render_aside("one", recipe_of(job, seed=seed)) for seed in (1, 1, 2)
    ]
    pixels = [Image.open(io.BytesIO(data)).tobytes() for data in (first, again, other)]
    assert pixels[0] == pixels[1] != pixels[2]


async def test_a_server_with_work_is_left_alone(serve, studio, job, jobs):
    here = await studio(await serve("one", seconds=0.3))
    assert here.fleet.is_idle("one")
    here.fleet.submit(jobs(1))
    await here.log.until("submitted", 1)
    assert not here.fleet.is_idle("one")
    with pytest.raises(Conflict, match="one has something to do"):
        await here.fleet.render_aside("one", recipe_of(job))
    await here.log.until("collected", 1)
    await here.eventually(lambda: here.fleet.is_idle("one"))


async def test_a_draining_an_unknown_and_an_offline_server_make_nothing_aside(serve, studio, job):
    site = await serve("one")
    here = await studio(site)
    with pytest.raises(NotFound):
        await here.fleet.render_aside("two", recipe_of(job))
    here.fleet.drain("one")
    with pytest.raises(Conflict):
        await here.fleet.render_aside("one", recipe_of(job))
    here.fleet.drain("one", draining=False)
    await site.stop()
    await here.eventually(lambda: not here.fleet.is_idle("one"))
    with pytest.raises(Conflict):
        await here.fleet.render_aside("one", recipe_of(job))


async def test_a_server_busy_for_somebody_else_is_left_alone(serve, studio, job):
    site = await serve("one", seconds=0.5)
    others, ours = await studio(site), await studio(site)
    theirs = asyncio.ensure_future(others.fleet.render_aside("one", recipe_of(job)))
    await until(site, busy=True)
    with pytest.raises(Conflict):
        await ours.fleet.render_aside("one", recipe_of(job))
    assert await theirs


async def test_two_pictures_aside_do_not_meet_on_one_server(serve, studio, job):
    here = await studio(await serve("one", seconds=0.2))
    first = asyncio.ensure_future(here.fleet.render_aside("one", recipe_of(job)))
    await asyncio.sleep(0)
    with pytest.raises(Conflict):
        await here.fleet.render_aside("one", recipe_of(job))
    await first


async def test_a_job_that_comes_meanwhile_is_made_right_after(serve, studio, job, jobs):
    here = await studio(await serve("one", seconds=0.2))
    beside = asyncio.ensure_future(here.fleet.render_aside("one", recipe_of(job)))
    await asyncio.sleep(0.05)
    here.fleet.submit(jobs(2))
    await here.log.until("collected", 2)
    assert await beside
    assert here.log.server_faults == []


async def test_what_the_caller_gives_up_is_taken_off_the_server(serve, studio, job):
    site = await serve("one", seconds=30)
    here = await studio(site)
    beside = asyncio.ensure_future(here.fleet.render_aside("one", recipe_of(job)))
    await until(site, busy=True)
    beside.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beside
    await until(site, busy=False)
    assert here.fleet.statuses()[0].state != "offline"


async def test_a_picture_that_does_not_come_in_time_is_taken_off_the_server(serve, studio, job):
    site = await serve("one", seconds=30)
    here = await studio(site)
    with pytest.raises(RenderStalled, match="did not finish a small test picture"):
        await here.fleet.render_aside("one", recipe_of(job), patience=0.3)
    await until(site, busy=False)


async def test_a_render_that_fails_and_a_server_that_dies_are_the_caller_s_to_bear(
    serve, studio, job
):
    site = await serve("one", seconds=30, faults=["doomed"])
    here = await studio(site)
    with pytest.raises(RenderFailed, match="doomed"):
        await here.fleet.render_aside("one", recipe_of(job, prompt="doomed"))
    beside = asyncio.ensure_future(here.fleet.render_aside("one", recipe_of(job)))
    await until(site, busy=True)
    await site.stop()
    with pytest.raises(ServerUnreachable):
        await beside
    assert here.log.entries == []
