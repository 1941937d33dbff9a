"""Servers that answer and yet do not do their work: hung, short of memory, failing, or twins."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from companion_app.embedded import create_app
from companion_app.embedded.server import SERVER
from vibes.settings import ServerConfig


def failing_with(error: dict[str, str], broken: asyncio.Event, **options: object):
    """An embedded server; while ``broken`` is set its prompts end with this error."""

    @web.middleware
    async def meddle(request: web.Request, handler) -> web.StreamResponse:
        response = await handler(request)
        if not (broken.is_set() and request.path.startswith("/history/")):
            return response
        prompt_id = request.path.rpartition("/")[2]
        if b"success" not in response.body:
            return response
        status = {"status_str": "error", "messages": [["execution_error", error]]}
        return web.json_response({prompt_id: {"outputs": {}, "status": status}})

    def build() -> web.Application:
        app = create_app(name="failing", **{"seconds_per_image": 0.02, **options})
        app.middlewares.append(meddle)
        return app

    return build


@pytest.fixture
def broken() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def out_of_memory(broken: asyncio.Event):
    error = {
        "node_type": "KSampler",
        "exception_type": "torch.OutOfMemoryError",
        "exception_message": "Allocation on device",
    }
    return failing_with(error, broken)


async def test_a_render_that_hangs_is_given_to_another_server(serve, studio, jobs):
    hung = await serve("hung", seconds=600.0)
    here = await studio(hung, await serve("well", seconds=0.1), stall_seconds=0.6)
    here.fleet.submit(jobs(3))
    await here.log.until("collected", 3)
    assert here.log.made_by() == {"well": 3}
    assert here.log.ids("failed") == []
    (stalled,) = [s for server, kind, s in here.log.server_faults if kind == "stalled"]
    assert stalled == "hung accepted the image but shows no progress with it."
    await here.eventually(lambda: hung.app[SERVER].queue.running is None)


async def test_a_slow_render_that_makes_progress_is_left_alone(serve, studio, jobs):
    here = await studio(await serve("slow", seconds=2.0), stall_seconds=0.9)
    here.fleet.submit(jobs(1))
    await here.log.until("collected", 1)
    assert here.log.attempts == {"image-0": 1}


async def test_what_is_too_large_for_one_server_is_made_by_another(serve, studio, jobs, broken):
    small = await serve("small", app=out_of_memory(broken))
    here = await studio(small, await serve("large", seconds=0.1))
    here.fleet.submit(jobs(6))
    await here.log.until("collected", 6)
    assert here.log.made_by() == {"large": 6}
    tried = [server for what, _, server in here.log.entries if what == "submitted"]
    assert tried.count("small") <= 2  # then it is known that it is too small


async def test_what_is_too_large_for_every_server_fails_with_their_words(
    serve, studio, job, broken
):
    here = await studio(await serve("small", app=out_of_memory(broken)))
    here.fleet.submit([job("huge")])
    await here.log.until("failed", 1)
    assert here.log.errors["huge"] == (
        "No server can make this image: small: it ran out of memory over the image "
        "(KSampler: Allocation on device)."
    )
    broken.clear()
    here.fleet.submit([job("huge")])  # the user tries again
    await here.log.until("collected", 1)


async def test_a_server_that_fails_everything_rests_and_is_used_again(serve, studio, jobs, broken):
    error = {"node_type": "SaveImage", "exception_message": "No space left on device"}
    ill = await serve("ill", app=failing_with(error, broken))
    here = await studio(ill, await serve("well", seconds=0.3), rest_seconds=0.5)
    here.fleet.submit(jobs(10))
    await here.eventually(lambda: ("ill", "resting") in {f[:2] for f in here.log.server_faults})
    assert here.fleet.statuses()[0].resting_seconds is not None
    broken.clear()
    await here.log.until("collected", 10)
    assert here.log.ids("failed") == []
    assert here.log.made_by()["ill"] > 0


async def test_a_resting_server_is_used_all_the_same_when_no_other_can(serve, studio, jobs, broken):
    error = {"node_type": "VAEDecode", "exception_message": "it is broken"}
    here = await studio(await serve("ill", app=failing_with(error, broken)), rest_seconds=60.0)
    here.fleet.submit(jobs(4))
    await here.log.until("failed", 4)
    assert set(here.log.errors.values()) == {"ill: VAEDecode: it is broken."}


async def test_one_server_under_two_names_is_noticed(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    twin = ServerConfig(name="two", url=str(site.config.url))
    here = await studio(site, twin)
    here.fleet.submit(jobs(6))
    await here.log.until("collected", 6)
    assert here.fleet.statuses()[1].reason.startswith("It is one under a second name")
    assert [server for server, kind, _ in here.log.server_faults if kind == "twin"] == ["two"]
    assert len(site.app[SERVER].queue.history()) == 6


async def test_a_late_duplicate_is_discarded_and_told(serve, studio, jobs):
    away = asyncio.Event()

    @web.middleware
    async def absent(request, handler):
        return web.Response(status=503) if away.is_set() else await handler(request)

    def build() -> web.Application:
        app = create_app(name="cut", seconds_per_image=0.4)
        app.middlewares.append(absent)
        return app

    cut = await serve("cut", app=build)
    other = await serve("other", seconds=0.1)
    here = await studio(cut, other)
    here.fleet.drain("other")
    here.fleet.submit(jobs(1))
    await here.log.until("submitted", 1)
    await here.eventually(lambda: cut.app[SERVER].queue.running is not None)
    away.set()
    await here.log.until("adrift", 1)
    here.fleet.drain("other", draining=False)
    await here.log.until("collected", 1)
    await here.eventually(lambda: cut.app[SERVER].queue.running is None)
    away.clear()
    await here.eventually(lambda: ("cut", "late") in {f[:2] for f in here.log.server_faults})
    assert here.log.made_by() == {"other": 1}
    await here.eventually(lambda: len(here.log.dropped_prompts) == 1)


async def test_comings_and_goings_are_told_once(serve, studio):
    site = await serve("one")
    here = await studio(site)
    await site.stop()
    await here.eventually(lambda: here.fleet.statuses()[0].state == "offline")
    await site.start()
    await here.eventually(lambda: here.fleet.statuses()[0].state == "online")
    assert [kind for _, kind, _ in here.log.server_faults] == ["offline", "online"]
