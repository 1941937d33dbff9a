"""Servers die, hang, run full, lie about who they are and come back; every image is made once."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress

import pytest

from tests.contract.graphs import draft
from tests.fleet import processes
from tests.fleet.processes import HASTE, assert_rendered_once, assert_whole, stopped, until

nursery, world = processes.nursery, processes.world

ALERT = {**HASTE, "queue_seconds": 0.5}
FOREIGN = {"prompt_id": "foreign", "client_id": "somebody"}


# --- death -------------------------------------------------------------------------------------


async def test_a_killed_servers_images_are_made_elsewhere_within_seconds_and_it_is_used_again(
    world, record_property
):
    doomed, other = await world.server("doomed", seconds=0.3), await world.server("other")
    studio = await world.studio({"doomed": doomed.url, "other": other.url})
    batch = await studio.batch(12)
    lost = await until(doomed.begun)
    await doomed.kill()
    died = time.monotonic()

    async def recovered() -> bool:
        collected = {image["id"] for image in await studio.images(batch, "collected")}
        return lost <= collected

    await until(recovered, "the lost images")
    seconds = time.monotonic() - died
    record_property("recovery_seconds", round(seconds, 2))
    assert seconds < 5
    assert "does not answer" in (await studio.state("doomed", "offline"))["reason"]
    doomed = await world.again(doomed)
    await studio.state("doomed", "online", "busy")
    await studio.is_used("doomed")
    kinds = [fault["kind"] for fault in await studio.faults("doomed")]
    assert {"offline", "online"} <= set(kinds)
    await assert_whole(studio, batch, collected=12)


async def test_a_server_with_the_pack_says_that_it_was_started_anew(world):
    """Its queue is looked at when its socket breaks, and then not for a long time."""
    seldom = {**HASTE, "poll_seconds": 600}
    server = await world.server("one", seconds=0.3, pack=True)
    studio = await world.studio({"one": server.url}, fleet=seldom)
    batch = await studio.batch(6)
    await until(server.begun)
    await server.kill()
    await world.again(server)
    await assert_whole(studio, batch, collected=6)


async def test_a_server_restarted_before_anybody_noticed_makes_what_it_forgot(world):
    one = await world.server("one", seconds=0.2)
    studio = await world.studio({"one": one.url})
    batch = await studio.batch(4)
    await until(one.begun)
    await one.kill()
    await world.again(one)
    await assert_whole(studio, batch, collected=4)


async def test_a_restart_nobody_noticed_costs_no_image_though_its_uploads_are_gone(world):
    one = await world.server("one")
    studio = await world.studio({"one": one.url}, fleet={**HASTE, "poll_seconds": 3})
    grid = await studio.api.finished(await studio.batch(2))
    body = {"session_id": grid["session_id"], "selected": [grid["images"][0]["id"]]}
    advance = {**body, "batch_id": grid["id"], "action": "advance"}
    first = (await studio.api.ok("POST", "/api/iterate", advance))["batch_id"]
    assert (await studio.api.finished(first))["state"] == "done"
    await one.kill()
    await world.again(one)
    session = grid["session_id"]
    await studio.api.ok("POST", f"/api/sessions/{session}/navigate", {"to": grid["id"]})
    refine = {**advance, "action": "refine", "prompt": "a beach at night"}
    second = (await studio.api.ok("POST", "/api/iterate", refine))["batch_id"]
    ended = await studio.api.finished(second)
    assert ended["state"] == "done", [image["error"] for image in ended["images"]]
    await assert_whole(studio, second, collected=ended["total_count"])


async def test_when_all_servers_die_the_images_wait_for_one_to_come_back(world):
    one, two = await world.server("one", seconds=0.5), await world.server("two", seconds=0.5)
    studio = await world.studio({"one": one.url, "two": two.url})
    batch = await studio.batch(8)
    await studio.collected(batch, 1)
    await asyncio.gather(one.kill(), two.kill())
    for name in ("one", "two"):
        await studio.state(name, "offline")
    assert (await studio.grid(batch))["state"] == "running"
    await world.again(two, seconds=0.02)
    await assert_whole(studio, batch, collected=8)


# --- hanging -----------------------------------------------------------------------------------


async def test_what_a_hung_server_makes_late_is_discarded_and_written_down(world):
    hung, other = await world.server("hung", seconds=0.5), await world.server("other")
    urls = {"hung": hung.url, "other": other.url}
    studio = await world.studio(urls, fleet=ALERT)
    batch = await studio.batch(6)
    lost = await until(hung.begun)
    async with AsyncExitStack() as asleep:
        async with stopped(hung):
            assert "in time" in (await studio.state("hung", "offline"))["reason"]
            given_up = time.monotonic()
            await studio.api.finished(batch)
            assert time.monotonic() - given_up < 5
            await asleep.enter_async_context(stopped(studio))  # lest it interrupts them at once
        await until(lambda: _renders(hung, lost), "the late pictures")
    late = await studio.fault("hung", "late")
    assert late["sentence"].startswith("hung ")
    grid = await assert_whole(studio, batch, collected=6)
    by_other = {image["id"] for image in grid["images"] if image["server"] == "other"}
    assert lost & by_other


async def test_a_render_without_progress_moves_on_and_is_interrupted_by_its_id_only(world):
    stuck, other = await world.server("stuck", seconds=600), await world.server("other")
    fleet = {**HASTE, "stall_seconds": 0.5}
    studio = await world.studio({"stuck": stuck.url, "other": other.url}, fleet=fleet)
    batch = await studio.batch(4)
    await until(stuck.begun)
    await stuck.ask("POST", "/prompt", {**FOREIGN, "prompt": draft()})
    await studio.fault("stuck", "stalled")
    await studio.api.finished(batch)
    await until(lambda: _only(stuck, "foreign"), "our prompts off the stuck server")
    await assert_whole(studio, batch, collected=4)
    assert await stuck.queue() == ["foreign"]


async def test_a_slow_render_that_makes_progress_is_left_to_finish(world):
    slow = await world.server("slow", seconds=2)
    fleet = {**HASTE, "stall_seconds": 0.7}
    studio = await world.studio({"slow": slow.url}, fleet=fleet)
    batch = await studio.batch(1, overrides={"steps": 20})
    await studio.api.finished(batch)
    assert [f for f in await studio.faults("slow") if f["kind"] != "online"] == []
    grid = await assert_whole(studio, batch, collected=1)
    await assert_rendered_once(grid, slow)


async def test_waiting_behind_somebody_elses_long_render_is_no_stall(world):
    one = await world.server("one", seconds=1.5)
    await one.ask("POST", "/prompt", {**FOREIGN, "prompt": draft()})
    studio = await world.studio({"one": one.url}, fleet={**HASTE, "stall_seconds": 0.7})
    batch = await studio.batch(1, overrides={"steps": 20})
    grid = await assert_whole(studio, batch, collected=1)
    await assert_rendered_once(grid, one)
    assert (await one.ask("GET", "/history/foreign"))["foreign"]["status"]["completed"]


async def test_a_studio_that_sleeps_blames_nobody_for_the_time_it_missed(world):
    one = await world.server("one", seconds=1.5)
    studio = await world.studio({"one": one.url}, fleet={**ALERT, "stall_seconds": 0.8})
    batch = await studio.batch(2, overrides={"steps": 20})
    await until(one.begun)
    async with stopped(studio):
        await asyncio.sleep(1.5)  # longer than anything it would wait for
    grid = await studio.api.finished(batch)
    assert [f for f in await studio.faults("one") if f["kind"] in ("stalled", "late")] == []
    grid = await assert_whole(studio, batch, collected=2)
    await assert_rendered_once(grid, one)


# --- failing -----------------------------------------------------------------------------------


async def test_an_image_too_large_for_one_servers_memory_is_made_by_another(world):
    small = await world.server("small", faults=("poison",), raises="torch.OutOfMemoryError")
    large = await world.server("large", seconds=0.4)
    studio = await world.studio({"small": small.url, "large": large.url})
    batch = await studio.batch(3, prompt="poison")
    grid = await assert_whole(studio, batch, collected=3)
    assert {image["server"] for image in grid["images"]} == {"large"}


async def test_an_image_too_large_for_every_server_fails_with_a_sentence_about_memory(world):
    options = {"faults": ("poison",), "raises": "torch.OutOfMemoryError"}
    one, two = await world.server("one", **options), await world.server("two", **options)
    studio = await world.studio({"one": one.url, "two": two.url})
    bad = await studio.batch(1, prompt="poison")
    good = await studio.batch(3)
    await studio.api.finished(bad)
    assert (await studio.fault("one", "memory"))["sentence"].startswith("one")
    error = (await studio.images(bad, "failed"))[0]["error"]
    assert error.endswith(".")
    assert "memory" in error.casefold()
    assert "one" in error
    assert "two" in error
    await studio.api.finished(good)
    await assert_whole(studio, bad, failed=1)


async def test_a_poisoned_image_fails_with_the_servers_words_and_the_batch_goes_on(world):
    one = await world.server("one", faults=("poison",))
    two = await world.server("two", faults=("poison",))
    studio = await world.studio({"one": one.url, "two": two.url})
    bad, good = await studio.batch(1, prompt="poison"), await studio.batch(6)
    grid = await studio.api.finished(bad)
    assert "asked to fail on 'poison'" in grid["images"][0]["error"]
    await studio.api.finished(good)
    await assert_whole(studio, bad, failed=1)
    assert sum((await one.renders()).values()) + sum((await two.renders()).values()) == 6


async def test_a_server_without_room_rests_and_is_used_again_when_it_has_some(world):
    full, other = await world.server("full"), await world.server("other", seconds=0.3)
    fleet = {**HASTE, "rest_seconds": 0.3}
    studio = await world.studio({"full": full.url, "other": other.url}, fleet=fleet)
    full.limit_files(100)
    batch = await studio.batch(8)
    await studio.fault("full", "resting")
    grid = await studio.api.finished(batch)
    assert {image["server"] for image in grid["images"]} == {"other"}
    full.limit_files(None)

    await studio.is_used("full")
    await assert_whole(studio, batch, collected=8)


# --- no room here ------------------------------------------------------------------------------


async def test_while_the_studios_disk_is_full_nothing_is_lost_or_made_twice(world):
    one = await world.server("one", seconds=0.05)
    studio = await world.studio({"one": one.url})
    batch = await studio.batch(6)
    await studio.collected(batch, 1)
    studio.limit_files(64)
    await studio.state("one", "online", "busy")
    await asyncio.sleep(0.5)  # the disk stays full for a while, whatever is tried meanwhile
    studio.limit_files(None)
    grid = await assert_whole(studio, batch, collected=6)
    await assert_rendered_once(grid, one)


async def test_while_pictures_cannot_be_written_they_wait_and_no_server_is_blamed(world):
    one = await world.server("one")
    studio = await world.studio({"one": one.url})
    blocked = studio.data_dir / "images"
    blocked.write_text("not a folder")
    batch = await studio.batch(4)
    await until(lambda: _some_renders(one), "pictures to store")

    async def says_why() -> bool:
        return "could not be written" in (await studio.server("one"))["waiting"]

    await until(says_why, "the reason why nothing is begun")
    assert await studio.images(batch, "failed") == []
    blocked.unlink()
    grid = await assert_whole(studio, batch, collected=4)
    await assert_rendered_once(grid, one)


# --- somebody else at the address --------------------------------------------------------------


async def test_a_web_server_at_the_address_is_told_apart_until_the_right_one_is_back(world):
    one, other = await world.server("one"), await world.server("other", seconds=0.1)
    studio = await world.studio({"one": one.url, "other": other.url})
    await one.kill()
    page = b"<html>It works!</html>"
    async with web_server(one.port, page):

        async def told_apart() -> bool:
            status = await studio.server("one")
            return status["state"] == "offline" and "not like ComfyUI" in status["reason"]

        await until(told_apart, "the web server being told apart")
        grid = await studio.api.finished(await studio.batch(3))
        assert {image["server"] for image in grid["images"]} == {"other"}
    await world.again(one)
    await studio.state("one", "online", "busy")
    await studio.is_used("one")
    await assert_whole(studio, await studio.batch(1), collected=1)


async def test_another_comfyui_at_the_address_gets_nothing_it_cannot_make(world):
    one, other = await world.server("one", seconds=0.1), await world.server("other", seconds=0.2)
    studio = await world.studio({"one": one.url, "other": other.url})
    batch = await studio.batch(8)
    await until(one.begun)
    await one.kill()
    stranger = await world.again(one, library="other")
    await assert_whole_later(studio, batch)
    assert await stranger.renders() == {}
    await until(lambda: _says(studio, "one", "tiny-a"), "why the stranger takes nothing")
    await stranger.kill()
    await studio.state("one", "offline")
    await world.again(one)
    await until(lambda: _has_checkpoint(studio, "one", "tiny-a"), "the right server being known")
    await studio.is_used("one")
    await assert_whole(studio, batch, collected=8)


async def test_two_names_of_one_server_are_noticed_and_nothing_is_made_twice(world):
    one = await world.server("one", seconds=0.05)
    names = {"one": one.url, "two": one.url.replace("127.0.0.1", "localhost")}
    studio = await world.studio(names, online=False)
    await studio.state("one", "online", "busy")
    batch = await studio.batch(6)
    await until(lambda: _twin_told(studio), "the twin being noticed")
    grid = await assert_whole(studio, batch, collected=6)
    await assert_rendered_once(grid, one)


# --- other people's prompts --------------------------------------------------------------------


@pytest.mark.parametrize("theirs", ["running", "pending"])
async def test_pause_cancel_and_drain_touch_nobody_elses_prompt(world, theirs):
    one = await world.server("one", seconds=1.0)
    studio = await world.studio({"one": one.url})
    foreign = {**FOREIGN, "prompt": draft(batch_size=3)}
    if theirs == "running":
        await one.ask("POST", "/prompt", foreign)
    batch = await studio.batch(3)
    await until(one.begun)
    if theirs == "pending":
        await one.ask("POST", "/prompt", foreign)
    post = studio.api.ok
    for act in ("pause", "resume", "cancel"):
        await post("POST", f"/api/batches/{batch}/{act}")
        assert "foreign" in await one.queue()
    await post("POST", "/api/gpus/one/drain")
    assert "foreign" in await one.queue()
    await until(lambda: _none_but(one, "foreign"), "our prompts off the server")
    await post("POST", "/api/gpus/one/use")
    history = await until(lambda: one.ask("GET", "/history/foreign"))
    assert history["foreign"]["status"]["completed"]
    await assert_whole(studio, batch, cancelled=3)


# --- what is asked above -----------------------------------------------------------------------


async def _renders(server, images) -> bool:
    return not images.isdisjoint(await server.renders())


async def _some_renders(server) -> bool:
    return bool(await server.renders())


async def _only(server, prompt) -> bool:
    return await server.queue() == [prompt]


async def _none_but(server, prompt) -> bool:
    return set(await server.queue()) <= {prompt}


async def _says(studio, name, words) -> bool:
    status = await studio.server(name)
    return words not in " ".join(status["checkpoints"]) and status["state"] != "offline"


async def _has_checkpoint(studio, name, words) -> bool:
    status = await studio.server(name)
    return words in " ".join(status["checkpoints"]) and status["state"] != "offline"


async def _twin_told(studio) -> bool:
    faults = [*await studio.faults("one"), *await studio.faults("two")]
    return any(fault["kind"] == "twin" for fault in faults)


async def assert_whole_later(studio, batch) -> None:
    """The batch is done; the studio goes on."""
    grid = await studio.api.finished(batch)
    assert grid["state"] == "done", grid["images"]


class web_server:  # noqa: N801 – used as a context manager, like a function
    """Something that speaks HTTP and answers everything with one page."""

    def __init__(self, port: int, page: bytes):
        self._port = port
        self._page = page

    async def __aenter__(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self._port)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(self._page) + self._page)
            await writer.drain()
        writer.close()
