"""The network drops, cuts, delays and lies; every image is made and stored once all the same."""

from __future__ import annotations

import asyncio
import io
import re
import struct
import zlib
from functools import partial
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.fleet import processes, proxy
from tests.fleet.processes import HASTE, assert_rendered_once, assert_whole, until

nursery, world = processes.nursery, processes.world

ROUTES = (
    "GET /system_stats",
    "GET /object_info",
    "GET /models/checkpoints",
    "GET /models/loras",
    "GET /experiment/models",
    "GET /view_metadata",
    "GET /models/embeddings",
    "GET /queue",
    "GET /history",
    "GET /view\\?",
    "GET /ws",
    "POST /prompt",
)
REPLIES = {
    "500": proxy.answer(500, b"500 Internal Server Error", "text/plain"),
    "garbage": proxy.answer(200, b'{"queue_running": [[1, '),
    "html": proxy.answer(200, b"<html>Please log in</html>", "text/html"),
    "null": proxy.answer(200, b"null"),
    "list": proxy.answer(200, b'[[[{"name": 7}]], 1, null]'),
    "nested": proxy.answer(200, b"[" * 100_000),
    "empty": proxy.answer(200, b""),
    "cut": proxy.half,
}
KNOWING = {"rest_seconds": 0.1, **HASTE}
RIGHT = re.compile("one .*[.]", re.DOTALL)


def png(width: int, height: int, pixels: bytes | None = None) -> bytes:
    """A PNG that says it has this size; its data are ``pixels``, or what they should be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    data = zlib.compress(bytes((width // 8 + 1) * height)) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (64, 64)).save(buffer, "GIF")
    return buffer.getvalue()


LIES = {
    "text": b"This is no picture.",
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "gif": gif(),
    "nothing": b"",
    "truncated": png(64, 64)[:40],
    "bomb": png(60_000, 60_000),
    "wrong pixels": png(64, 64, b"\0" * 500),
}


# --- connections -------------------------------------------------------------------------------


async def test_a_post_whose_answer_is_lost_is_rendered_once(world):
    one = await world.server("one", seconds=0.05)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    swallowed = through.fault("POST /prompt", proxy.swallow)
    batch = await studio.batch(4)
    grid = await assert_whole(studio, batch, collected=4)
    assert swallowed.hits == 4
    await assert_rendered_once(grid, one)


async def test_a_post_that_never_arrived_is_made_good(world):
    one = await world.server("one", seconds=0.05)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    through.fault("POST /prompt", proxy.refuse, times=2)
    grid = await assert_whole(studio, await studio.batch(3), collected=3)
    await assert_rendered_once(grid, one)


async def test_a_picture_cut_short_is_fetched_again_not_made_again(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    through.fault("GET /view\\?", proxy.half, times=2)
    grid = await assert_whole(studio, await studio.batch(3), collected=3)
    await assert_rendered_once(grid, one)


async def test_when_the_websocket_drops_progress_goes_on_by_polling(world):
    one = await world.server("one", seconds=0.2)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    batch = await studio.batch(4)
    await studio.collected(batch, 1)
    through.fault("GET /ws", proxy.answer(404, b""))
    assert through.drop_sockets() == 1
    grid = await assert_whole(studio, batch, collected=4)
    await assert_rendered_once(grid, one)


async def test_what_a_server_finished_while_the_network_was_gone_is_found_afterwards(world):
    one = await world.server("one", seconds=0.2)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    batch = await studio.batch(4)
    begun = await until(one.begun)
    await through.cut()
    await studio.state("one", "offline")
    await until(lambda: _made(one, begun), "the server going on alone")
    await through.connect()
    grid = await assert_whole(studio, batch, collected=4)
    await assert_rendered_once(grid, one)


async def test_what_moved_while_the_network_was_gone_is_discarded_afterwards(world):
    cut, other = await world.server("cut", seconds=1.0), await world.server("other")
    through = await world.proxy(cut)
    studio = await world.studio({"cut": through.url, "other": other.url})
    batch = await studio.batch(5)
    begun = await until(cut.begun)
    await through.cut()
    await studio.api.finished(batch)
    await until(lambda: _made(cut, begun), "the server going on alone")
    await through.connect()
    await studio.state("cut", "online", "busy")
    await studio.fault("cut", "late")
    grid = await assert_whole(studio, batch, collected=5)
    assert {image["server"] for image in grid["images"] if image["id"] in begun} == {"other"}


async def test_a_network_that_comes_and_goes_costs_no_render(world):
    one = await world.server("one", seconds=0.1)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    batch = await studio.batch(10)
    for done in (1, 3, 5):
        await studio.collected(batch, done)
        await through.cut()
        await asyncio.sleep(0.1)
        await through.connect()
    grid = await assert_whole(studio, batch, collected=10)
    await assert_rendered_once(grid, one)


async def test_half_a_second_of_latency_is_borne(world):
    one = await world.server("one", seconds=0.05)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    through.latency = 0.25
    grid = await assert_whole(studio, await studio.batch(2), collected=2)
    await assert_rendered_once(grid, one)


async def test_bytes_that_trickle_are_waited_for(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    through.fault("GET /(view|history|queue)", proxy.trickle(10, 0.03))
    grid = await assert_whole(studio, await studio.batch(2), collected=2)
    await assert_rendered_once(grid, one)


async def test_a_picture_that_dies_with_its_server_is_made_by_another(world):
    doomed, other = await world.server("doomed"), await world.server("other", seconds=0.3)
    through = await world.proxy(doomed)
    studio = await world.studio({"doomed": through.url, "other": other.url})

    async def die(exchange: proxy.Exchange) -> None:
        await doomed.kill()
        exchange.hang_up()

    through.fault("GET /view\\?", die)
    grid = await assert_whole(studio, await studio.batch(4), collected=4)
    assert not doomed.alive
    assert {image["server"] for image in grid["images"]} == {"other"}


async def test_what_is_called_off_while_its_server_is_away_is_taken_off_when_it_is_back(world):
    one = await world.server("one", seconds=30)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    batch = await studio.batch(3)
    await until(one.begun)
    await through.cut()
    await studio.state("one", "offline")
    await studio.api.ok("POST", f"/api/batches/{batch}/cancel")
    await studio.kill()  # it is the next one that has to remember
    assert await one.queue() != []
    studio = await world.studio({"one": through.url}, online=False)
    await through.connect()
    await until(lambda: _idle(one), "the prompts nobody wants being taken off")
    await assert_whole(studio, batch, cancelled=3)


async def test_pictures_of_a_deleted_session_leave_nothing_behind(world):
    one = await world.server("one", seconds=0.1)
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    through.fault("GET /view\\?", proxy.trickle(10, 0.05))
    batch = await studio.batch(6)
    await studio.collected(batch, 1)
    session = (await studio.grid(batch))["session_id"]
    await studio.api.ok("DELETE", f"/api/sessions/{session}")
    await until(lambda: _idle(one), "the prompts nobody wants being taken off")
    await assert_whole(studio, await studio.batch(1), collected=1)


# --- answers -----------------------------------------------------------------------------------


async def lied_to(world, replies: list[str]) -> None:
    """Every route answers each of these in turn; another server is honest."""
    liar, honest = await world.server("liar"), await world.server("honest", seconds=0.05)
    through = await world.proxy(liar)
    studio = await world.studio({"liar": through.url, "honest": honest.url}, fleet=KNOWING)
    for reply in replies:
        for route in ROUTES:
            through.fault(route, REPLIES[reply])
            batch = await studio.batch(2)
            grid = await studio.api.finished(batch)
            assert grid["state"] == "done", (reply, route, grid["images"])
            through.heal()
        await studio.state("liar", "online", "busy")
    await assert_whole(studio, batch, collected=2)


@pytest.mark.parametrize("reply", ["500", "garbage"])
async def test_whatever_route_answers_wrongly_the_images_are_made(world, reply):
    await lied_to(world, [reply])


@pytest.mark.slow
async def test_whatever_any_route_answers_the_images_are_made(world):
    await lied_to(world, list(REPLIES))


async def test_a_server_that_answers_nothing_rightly_is_told_with_a_sentence_and_recovers(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    wrong = []
    for reply in REPLIES.keys() - {"list"}:  # that is JSON, and a test of its own
        through.fault(".", REPLIES[reply])
        batch = await studio.batch(2)
        status = await studio.state("one", "offline")
        wrong += [] if RIGHT.fullmatch(status["reason"]) else [(reply, status["reason"])]
        through.heal()
        await studio.state("one", "online", "busy")
        grid = await studio.api.finished(batch)
        wrong += [(reply, image["error"]) for image in grid["images"] if image["error"]]
    assert wrong == []
    await assert_whole(studio, batch, collected=2)


async def test_a_service_that_answers_everything_with_the_same_json_is_no_comfyui(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url})
    for body in (b"[]", b"{}", b'{"status": "ok"}'):
        through.fault(".", proxy.answer(200, body))
        status = await studio.state("one", "offline", seconds=20)
        assert "not like ComfyUI" in status["reason"]
        through.heal()
        await studio.state("one", "online", "busy")
    await assert_whole(studio, await studio.batch(1), collected=1)


async def test_a_server_that_forgets_every_prompt_is_not_asked_for_ever(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url}, fleet=KNOWING)
    through.fault("GET /history", proxy.answer(200, b"{}"))
    batch = await studio.batch(1)
    await until(lambda: _often(studio, batch, one), "the end of the batch, or of patience")
    grid = await assert_whole(studio, batch, failed=1)
    assert "one: it has forgotten the image 3 times" in grid["images"][0]["error"]


async def test_what_is_no_picture_is_never_stored(world):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url}, fleet=KNOWING)
    for lie, body in LIES.items():
        through.fault("GET /view\\?", proxy.answer(200, body, "image/png"))
        (image,) = (await studio.api.finished(await studio.batch(1)))["images"]
        assert image["state"] == "failed", lie
        assert image["error"].startswith("one: its picture is unusable"), lie
    through.heal()
    await assert_whole(studio, await studio.batch(1), collected=1)


async def test_an_answer_without_end_is_cut_off_and_costs_little_memory(world):
    liar, honest = await world.server("liar"), await world.server("honest", seconds=0.1)
    through = await world.proxy(liar)
    studio = await world.studio({"liar": through.url, "honest": honest.url})
    before = psutil.Process(studio.process.pid).memory_info().rss
    through.fault("GET /history", proxy.endless())
    grid = await studio.api.finished(await studio.batch(3))
    assert grid["state"] == "done"
    after = psutil.Process(studio.process.pid).memory_info().rss
    assert after - before < 600 * 1024 * 1024
    through.heal()
    await assert_whole(studio, await studio.batch(1), collected=1)


WAS_HERE = Path("/tmp/vibes-was-here.png")
NAMES = (
    {"filename": "../../../../../../tmp/vibes-was-here.png", "subfolder": ""},
    {"filename": "x.png", "subfolder": "../../../../../../tmp"},
    {"filename": "/tmp/vibes-was-here.png", "subfolder": "/tmp"},
    {"filename": "x\0y.png", "subfolder": "\r\nHost: evil"},
    {"filename": "x" * 5000, "subfolder": {"a": 1}},
)


async def test_the_names_a_server_gives_its_files_never_lead_anywhere(world, tmp_path):
    one = await world.server("one")
    through = await world.proxy(one)
    studio = await world.studio({"one": through.url}, fleet=KNOWING)
    beside = {path.name for path in tmp_path.iterdir()}
    for name in NAMES:
        through.fault("GET /history", proxy.rewrite(partial(renamed, name=name)))
        grid = await studio.api.finished(await studio.batch(1))
        assert grid["state"] in ("done", "failed"), name
    through.heal()
    await assert_whole(studio, await studio.batch(1), collected=1)
    assert {path.name for path in tmp_path.iterdir()} == beside
    assert not await asyncio.to_thread(WAS_HERE.exists)


def renamed(history, *, name):
    """A history whose pictures have another name."""
    for entry in history.values():
        for shown in entry["outputs"].values():
            for image in shown.get("images", ()):
                image.update(name)
    return history


async def _made(server, images) -> bool:
    return set(images) <= set(await server.renders())


async def _often(studio, batch, server) -> bool:
    renders = max((await server.renders()).values(), default=0)
    assert renders <= 5, f"it was made {renders} times"
    return (await studio.grid(batch))["state"] == "failed"


async def _idle(server) -> bool:
    return await server.queue() == []
