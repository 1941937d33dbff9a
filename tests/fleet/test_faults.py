"""Servers die, lie and come back; every image is made all the same, and collected once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from companion_app.embedded import FULL_LIBRARY, PARTIAL_LIBRARY, create_app
from companion_app.embedded.server import SERVER
from vibes.settings import ServerConfig

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SERVE = (
    "import sys; from companion_app.embedded import run_embedded; "
    "run_embedded(0, name=sys.argv[1], seconds_per_image=0.15, exit_with_parent=True)"
)


def embedded_with(
    meddle: Callable[[web.Request, Handler], Awaitable[web.StreamResponse]], **options: object
) -> Callable[[], web.Application]:
    """An embedded server, every request of which goes through ``meddle`` first."""

    def build() -> web.Application:
        app = create_app(name="meddled", **{"seconds_per_image": 0.02, **options})
        app.middlewares.append(web.middleware(meddle))
        return app

    return build


@pytest.fixture
async def process() -> AsyncIterator[Callable[..., Awaitable]]:
    """Start an embedded server as a process of its own: (configuration, process)."""
    started = []

    async def start(name: str):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVE, name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(child)
        assert child.stdout is not None
        line = (await asyncio.wait_for(child.stdout.readline(), 30)).decode()
        return ServerConfig(name=name, url=line.split()[-1]), child

    yield start
    for child in started:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def test_a_killed_servers_images_are_made_elsewhere_within_seconds(
    process, serve, studio, jobs
):
    config, child = await process("doomed")
    here = await studio(config, await serve("other", seconds=0.15))
    here.fleet.submit(jobs(12))
    await here.log.until("collected", 4)
    child.kill()
    await child.wait()
    lost = {j for j, (server, _) in here.log.prompts.items() if server == "doomed"}
    lost -= set(here.log.pictures)
    await asyncio.wait_for(here.log.until("collected", 12), 5)
    collected = here.log.ids("collected")
    assert sorted(collected) == sorted(set(collected))
    assert lost
    doomed = here.fleet.statuses()[0]
    assert doomed.state == "offline"
    assert "does not answer" in doomed.reason


async def test_a_server_that_comes_up_later_is_used(serve, studio, jobs):
    late = await serve("late", down=True)
    here = await studio(late)
    here.fleet.submit(jobs(2))
    assert here.fleet.statuses()[0].state == "offline"
    assert here.fleet.statuses()[0].waiting == "late is offline."
    await late.start()
    await here.log.until("collected", 2)


async def test_a_restarted_server_has_forgotten_its_queue_and_makes_it_again(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    here = await studio(site)
    here.fleet.submit(jobs(3))
    await here.log.until("submitted", 2)
    await site.stop()
    await site.start()
    await here.log.until("collected", 3)
    assert sorted(here.log.ids("collected")) == ["image-0", "image-1", "image-2"]


async def test_a_prompt_that_vanished_is_made_again(serve, studio, jobs):
    site = await serve("one", seconds=0.5)
    here = await studio(site)
    here.fleet.submit(jobs(2))
    await here.log.until("submitted", 2)
    queue = site.app[SERVER].queue
    await here.eventually(lambda: queue.remaining == 2)
    _, second = here.log.prompts["image-1"]
    queue.drop([second])
    await here.log.until("collected", 2)
    assert here.log.attempts["image-1"] == 2


async def test_without_a_websocket_polling_finds_every_picture(serve, studio, jobs):
    async def no_socket(request, handler):
        return web.Response(status=404) if request.path == "/ws" else await handler(request)

    here = await studio(await serve("deaf", app=embedded_with(no_socket)))
    here.fleet.submit(jobs(3))
    await here.log.until("collected", 3)


async def test_a_websocket_cut_in_the_middle_loses_nothing(serve, studio, jobs):
    site = await serve("one", seconds=0.1)
    here = await studio(site)
    here.fleet.submit(jobs(6))
    await here.log.until("collected", 2)
    await site.app[SERVER].sockets.close()
    await here.log.until("collected", 6)
    assert sorted(here.log.ids("submitted")) == sorted(here.log.ids("collected"))


async def test_something_else_at_the_address_is_said_to_be_something_else(serve, studio, jobs):
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    def build() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", page)
        return app

    here = await studio(await serve("printer", app=build), await serve("one"))
    here.fleet.submit(jobs(2))
    await here.log.until("collected", 2)
    status = here.fleet.statuses()[0]
    assert status.state == "offline"
    assert "answers, but not like ComfyUI" in status.reason


async def test_redirects_are_not_followed(serve, studio):
    asked = []

    async def elsewhere(request, handler):
        asked.append(request.path)
        raise web.HTTPFound("/somewhere/else")

    here = await studio(await serve("moved", app=embedded_with(elsewhere)))
    assert set(asked) == {"/system_stats"}
    assert "302" in here.fleet.statuses()[0].reason


async def test_a_graph_accepted_in_part_is_taken_off_and_made_elsewhere(serve, studio, jobs):
    deleted = []

    async def partly(request, handler):
        if request.path == "/queue" and request.method == "POST":
            deleted.extend((await request.json())["delete"])
        response = await handler(request)
        if request.path == "/prompt":
            fault = {"errors": [{"message": "bad", "details": ""}], "class_type": "X"}
            body = {"prompt_id": "p", "number": 1, "node_errors": {"5": fault}}
            return web.json_response(body)
        return response

    here = await studio(await serve("partly", app=embedded_with(partly)), await serve("whole"))
    here.fleet.drain("whole")
    here.fleet.submit(jobs(2))
    await here.log.until("submitted", 2)
    _, prompt_id = here.log.prompts["image-0"]
    await here.eventually(lambda: prompt_id in deleted)
    here.fleet.drain("whole", draining=False)
    await here.log.until("collected", 2)
    assert here.log.made_by() == {"whole": 2}


async def test_what_one_server_refuses_another_makes_and_the_refusal_is_remembered(
    serve, studio, jobs
):
    posts = []

    async def refuses(request, handler):
        if request.path == "/prompt":
            posts.append(await request.json())
            fault = {"type": "value_not_in_list", "message": "Value not in list", "details": "x"}
            errors = {"4": {"errors": [fault], "class_type": "CheckpointLoaderSimple"}}
            error = {"type": "prompt_outputs_failed_validation", "message": "", "details": ""}
            return web.json_response({"error": error, "node_errors": errors}, status=400)
        return await handler(request)

    here = await studio(await serve("picky", app=embedded_with(refuses)), await serve("two"))
    here.fleet.submit(jobs(4))
    await here.log.until("collected", 4)
    assert here.log.made_by() == {"two": 4}
    ids = [post["prompt_id"] for post in posts]
    assert len(ids) == len(set(ids)) <= 4


async def test_what_every_server_refuses_fails_with_their_reasons(serve, studio, jobs):
    async def refuses(request, handler):
        return web.Response(status=500) if request.path == "/prompt" else await handler(request)

    here = await studio(await serve("broken", app=embedded_with(refuses)))
    here.fleet.submit(jobs(1))
    await here.log.until("failed", 1)
    assert "it answers 500" in here.log.errors["image-0"]


async def test_a_checkpoint_nobody_has_fails_with_a_reason_per_server(serve, studio, jobs):
    here = await studio(await serve("one"), await serve("two"))
    here.fleet.submit(jobs(1, checkpoint="lost.safetensors"))
    await here.log.until("failed", 1)
    assert here.log.errors["image-0"] == (
        "No server can make this image: one: checkpoint lost is not there; "
        "two: checkpoint lost is not there."
    )


async def test_a_job_waits_while_a_server_that_may_make_it_has_not_been_seen(serve, studio, jobs):
    partial = await serve("partial", models=PARTIAL_LIBRARY)
    full = await serve("full", models=FULL_LIBRARY, down=True)
    here = await studio(partial, full)
    here.fleet.submit(jobs(1, checkpoint="toonyou_beta6.safetensors"))
    why = {status.name: status.waiting for status in here.fleet.statuses()}
    assert why["partial"] == "partial: checkpoint toonyou_beta6 is not there"
    assert why["full"] == "full is offline."
    await full.start()
    await here.log.until("collected", 1)
    assert here.log.ids("failed") == []


async def test_a_poisoned_job_fails_after_two_servers_and_the_batch_goes_on(
    serve, studio, job, jobs
):
    one = await serve("one", faults=("poison",))
    two = await serve("two", faults=("poison",))
    here = await studio(one, two)
    here.fleet.submit([job("bad", prompt="a cup of poison"), *jobs(4)])
    await here.log.until("collected", 4)
    await here.log.until("failed", 1)
    tried = [server for what, j, server in here.log.entries if (what, j) == ("submitted", "bad")]
    assert sorted(tried) == ["one", "two"]
    assert "KSampler" in here.log.errors["bad"]


async def test_a_job_that_fails_on_the_only_server_is_tried_twice(serve, studio, job):
    here = await studio(await serve("one", faults=("poison",)))
    here.fleet.submit([job("bad", prompt="poison")])
    await here.log.until("failed", 1)
    assert here.log.attempts["bad"] == 2
    assert here.log.errors["bad"].startswith("one: KSampler")


async def test_a_picture_that_arrives_broken_is_made_elsewhere(serve, studio, jobs):
    async def half(request, handler):
        response = await handler(request)
        return web.Response(body=b"\x89PNG\r\n\x1a\n") if request.path == "/view" else response

    here = await studio(await serve("torn", app=embedded_with(half)), await serve("whole"))
    here.fleet.submit(jobs(4))
    await here.log.until("collected", 4)
    assert here.log.made_by() == {"whole": 4}


async def test_a_picture_that_cannot_be_decoded_fails_with_a_sentence(
    serve, studio, job, undecodable_png
):
    async def scrambled(request, handler):
        response = await handler(request)
        return web.Response(body=undecodable_png) if request.path == "/view" else response

    here = await studio(await serve("odd", app=embedded_with(scrambled)))
    here.fleet.submit([job("a")])
    await here.log.until("failed", 1)
    assert here.log.errors["a"].startswith("odd: its picture is unusable: it cannot be decoded")


async def test_a_post_without_an_answer_is_looked_up_before_it_is_repeated(serve, studio, jobs):
    posts = []

    async def hangs_up(request, handler):
        response = await handler(request)
        if request.path == "/prompt":
            posts.append(request.path)
            request.transport.close()
        return response

    here = await studio(await serve("rude", app=embedded_with(hangs_up, seconds_per_image=0.1)))
    here.fleet.submit(jobs(3))
    await here.log.until("collected", 3)
    assert len(posts) == 3
    assert sorted(here.log.ids("submitted")) == sorted(here.log.ids("collected"))


async def test_a_server_that_cannot_take_the_source_leaves_the_image_to_others(
    serve, studio, jobs, png
):
    async def full_disk(request, handler):
        broken = request.path == "/upload/image"
        return web.Response(status=500) if broken else await handler(request)

    here = await studio(await serve("full", app=embedded_with(full_disk)), await serve("roomy"))
    here.log.sources["earlier"] = png
    here.fleet.submit(jobs(4, template="refine", source="earlier"))
    await here.log.until("collected", 4)
    assert here.log.made_by() == {"roomy": 4}


async def test_a_server_that_hands_out_nothing_fails_the_image_with_its_answer(serve, studio, job):
    async def broken(request, handler):
        if request.path == "/view":
            return web.Response(status=500)
        return await handler(request)

    here = await studio(await serve("mute", app=embedded_with(broken)))
    here.fleet.submit([job("a")])
    await here.log.until("failed", 1)
    assert here.log.errors["a"] == "mute answers 500 to /view."


async def test_a_short_absence_costs_no_render(serve, studio, jobs):
    away = asyncio.Event()

    async def absent(request, handler):
        return web.Response(status=503) if away.is_set() else await handler(request)

    site = await serve("one", app=embedded_with(absent, seconds_per_image=0.4))
    here = await studio(site)
    here.fleet.submit(jobs(2))
    await here.log.until("submitted", 2)
    await here.eventually(lambda: site.app[SERVER].queue.remaining == 2)
    away.set()
    await here.eventually(lambda: here.fleet.statuses()[0].state == "offline")
    assert "503" in here.fleet.statuses()[0].reason
    away.clear()
    await here.log.until("collected", 2)
    assert len(here.log.ids("submitted")) == 2


async def test_after_a_partition_the_late_duplicate_is_taken_off(serve, studio, jobs):
    away = asyncio.Event()

    async def absent(request, handler):
        return web.Response(status=503) if away.is_set() else await handler(request)

    cut = await serve("cut", app=embedded_with(absent, seconds_per_image=30.0))
    here = await studio(cut)
    here.fleet.submit(jobs(2))
    await here.log.until("submitted", 2)
    queue = cut.app[SERVER].queue
    await here.eventually(lambda: queue.remaining == 2)
    await here.fleet.cancel("batch")
    away.set()
    await here.eventually(lambda: here.fleet.statuses()[0].state == "offline")
    away.clear()
    await here.eventually(lambda: queue.remaining == 0)
    assert here.log.ids("collected") == []
