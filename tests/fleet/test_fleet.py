"""The fleet makes every image once, on servers that can."""

from __future__ import annotations

import pytest

from companion_app.embedded import FULL_LIBRARY, PARTIAL_LIBRARY
from companion_app.embedded.server import SERVER
from vibes.errors import NotFound
from vibes.recipes import LoraUse


async def test_all_images_are_made_once(serve, studio, jobs):
    here = await studio(await serve("one"), await serve("two"))
    here.fleet.submit(jobs(20))
    await here.log.until("collected", 20)
    assert sorted(here.log.ids("collected")) == sorted(job.id for job in jobs(20))
    assert here.log.ids("failed") == []
    assert set(here.log.made_by()) == {"one", "two"}


async def test_jobs_handed_in_again_and_again_are_made_once(serve, studio, jobs):
    sites = [await serve("one"), await serve("two")]
    here = await studio(*sites)
    here.fleet.submit([*jobs(8), *jobs(8)])
    here.fleet.submit(jobs(8))
    for done in range(8):
        await here.log.until("collected", done)
        collected = here.log.ids("collected")
        here.fleet.submit([job for job in jobs(8) if job.id not in collected])
    await here.log.until("collected", 8)
    await here.eventually(lambda: {s.state for s in here.fleet.statuses()} == {"online"})
    assert sorted(here.log.ids("collected")) == sorted(job.id for job in jobs(8))
    assert sum(len(site.app[SERVER].queue.history()) for site in sites) == 8


async def test_a_submission_is_logged_before_its_picture(serve, studio, jobs):
    here = await studio(await serve("one"))
    here.fleet.submit(jobs(1))
    await here.log.until("collected", 1)
    assert here.log.entries == [("submitted", "image-0", "one"), ("collected", "image-0", "one")]


async def test_the_faster_server_makes_more(serve, studio, jobs):
    slow, fast = await serve("slow", seconds=0.2), await serve("fast", seconds=0.04)
    here = await studio(slow, fast)
    here.fleet.submit(jobs(20))
    await here.log.until("collected", 20)
    made = here.log.made_by()
    assert made["fast"] > 2 * made["slow"]


async def test_a_checkpoint_of_one_server_is_made_there(serve, studio, jobs):
    one = await serve("one", models=FULL_LIBRARY)
    two = await serve("two", models=PARTIAL_LIBRARY)
    here = await studio(one, two)
    here.fleet.submit(jobs(6, checkpoint="toonyou_beta6.safetensors"))
    await here.log.until("collected", 6)
    assert here.log.made_by() == {"one": 6}


async def test_each_server_gets_names_in_its_own_spelling(serve, studio, jobs):
    two = await serve("two", models=PARTIAL_LIBRARY)  # writes sdxl\epicrealismXL
    here = await studio(two)
    here.fleet.submit(
        jobs(
            2,
            checkpoint="sdxl/epicrealismXL.safetensors",
            loras=(LoraUse("sdxl/watercolor_xl.safetensors", 0.7),),
        )
    )
    await here.log.until("collected", 2)


async def test_an_image_is_rendered_from_its_source_wherever_it_is_made(serve, studio, jobs, png):
    here = await studio(await serve("one"), await serve("two"))
    here.log.sources["earlier"] = png
    here.fleet.submit(jobs(4, template="refine", source="earlier"))
    await here.log.until("collected", 4)
    assert here.log.ids("failed") == []


async def test_two_images_go_to_two_idle_servers(serve, studio, jobs):
    here = await studio(await serve("one", seconds=0.3), await serve("two", seconds=0.3))
    here.fleet.submit(jobs(2))
    await here.log.until("collected", 2)
    assert here.log.made_by() == {"one": 1, "two": 1}


async def test_a_server_has_one_prompt_running_and_at_most_one_waiting(serve, studio, jobs):
    here = await studio(await serve("one", seconds=0.1))
    here.fleet.submit(jobs(6))
    for done in range(6):
        await here.log.until("collected", done + 1)
        assert len(here.log.ids("submitted")) <= done + 3  # running, waiting, being collected


async def test_progress_and_previews_are_told_of_each_image(serve, studio, jobs):
    here = await studio(await serve("one", seconds=None, speed=20.0))
    events = here.progress.bursts("batch")
    here.fleet.submit(jobs(1))
    await here.log.until("collected", 1)
    await here.eventually(lambda: here.fleet.preview("image-0") is None)
    here.progress.close()
    told = [event async for burst in events for event in burst]
    steps = [event for event in told if event["type"] == "progress"]
    assert steps[-1]["value"] == steps[-1]["max"]
    assert {(e["image_id"], e["server"]) for e in steps} == {("image-0", "one")}
    previews = [event["preview_url"] for event in told if event["type"] == "preview"]
    assert previews[0].startswith("/api/images/image-0/preview?v=")


async def test_the_catalog_is_what_the_servers_have(serve, studio):
    here = await studio(
        await serve("one", models=FULL_LIBRARY), await serve("two", models=PARTIAL_LIBRARY)
    )
    checkpoints = here.fleet.catalog.checkpoints
    assert checkpoints["toonyou_beta6.safetensors"].servers == ("one",)
    assert set(checkpoints["epicrealism.safetensors"].servers) == {"one", "two"}
    assert checkpoints["epicrealism.safetensors"].family == "sd15"


async def test_work_is_foretold_and_then_measured(serve, studio, jobs):
    here = await studio(await serve("slow", seconds=0.3), await serve("fast", seconds=0.06))
    here.fleet.submit(jobs(30))
    before = here.fleet.distribution("batch")
    assert sum(before.values()) == 30
    assert here.fleet.seconds_left("batch") is None
    await here.log.until("collected", 6)
    await here.eventually(lambda: here.fleet.seconds_left("batch") is not None)
    assert 0 < here.fleet.seconds_left("batch") < 5
    await here.log.until("collected", 30)
    speed = {s.name: s.images_per_minute for s in here.fleet.statuses()}
    assert speed["fast"] > 2 * speed["slow"]


async def test_a_drained_server_takes_nothing_new(serve, studio, jobs):
    here = await studio(await serve("one"), await serve("two"))
    here.fleet.drain("one")
    here.fleet.submit(jobs(4))
    await here.log.until("collected", 4)
    assert here.log.made_by() == {"two": 4}
    assert here.fleet.statuses()[0].state == "draining"
    here.fleet.drain("one", draining=False)
    here.fleet.submit(jobs(30))
    await here.log.until("collected", 34)
    assert here.log.made_by()["one"] > 0


async def test_status_names_what_a_server_has_and_does(serve, studio, jobs):
    here = await studio(await serve("one", seconds=0.2))
    assert here.fleet.statuses()[0].state == "online"
    here.fleet.submit(jobs(3))
    await here.log.until("collected", 1)
    status = here.fleet.statuses()[0]
    assert status.state == "busy"
    assert status.loaded_checkpoint == "epicrealism.safetensors"
    assert "epicrealism.safetensors" in status.checkpoints
    assert status.vram_total


async def test_a_server_that_has_made_everything_is_idle_before_its_queue_is_asked_again(
    serve, studio, jobs
):
    here = await studio(await serve("one", seconds=0.1), poll_seconds=60)
    here.fleet.submit(jobs(3))
    await here.log.until("collected", 3)
    status = here.fleet.statuses()[0]
    assert (status.state, status.queue_running, status.queue_pending) == ("online", 0, 0)


async def test_an_unknown_server_cannot_be_drained(serve, studio):
    here = await studio(await serve("one"))
    with pytest.raises(NotFound, match="no server 'three'"):
        here.fleet.drain("three")
