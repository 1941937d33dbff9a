"""A disk that is full for a while costs no render and no record."""

from __future__ import annotations

import pytest

from companion_app.embedded.server import SERVER
from vibes.errors import NotFound, StorageError

FULL = StorageError("The disk is full. Make room.")


async def test_a_picture_the_storage_takes_late_is_rendered_once(serve, studio, jobs):
    site = await serve("one")
    here = await studio(site)
    here.log.faults["collected"] = [FULL, FULL]
    here.fleet.submit(jobs(3))
    await here.log.until("refused collected", 2)
    here.fleet.submit([job for job in jobs(3) if job.id not in here.log.pictures])
    await here.log.until("collected", 3)
    await here.eventually(lambda: here.fleet.statuses()[0].state == "online")
    assert here.log.ids("failed") == []
    assert len(site.app[SERVER].queue.history()) == len(here.log.ids("collected")) == 3


async def test_while_the_storage_takes_nothing_nothing_new_is_begun_and_nothing_is_lost(
    serve, studio, jobs
):
    sites = [await serve("one"), await serve("two")]
    here = await studio(*sites, retry_seconds=0.01)
    here.log.faults["collected"] = [FULL] * 20
    here.fleet.submit(jobs(12))
    await here.log.until("refused collected", 12)
    rendered = sum(len(site.app[SERVER].queue.history()) for site in sites)
    assert rendered < 12
    assert here.fleet.statuses()[0].waiting == str(FULL)
    await here.log.until("collected", 12)
    assert here.log.ids("failed") == []
    assert sum(len(site.app[SERVER].queue.history()) for site in sites) == 12


async def test_nothing_is_posted_that_could_not_be_recorded(serve, studio, jobs):
    site = await serve("one")
    here = await studio(site, retry_seconds=0.01)
    here.log.faults["submitted"] = [FULL] * 9
    here.fleet.submit(jobs(4))
    await here.log.until("refused submitted", 9)
    await here.log.until("collected", 4)
    assert here.log.ids("failed") == []
    assert set(here.log.attempts.values()) == {1}
    assert len(site.app[SERVER].queue.history()) == 4


@pytest.mark.parametrize("fault", [FULL, RuntimeError("nobody thought of this")])
async def test_failures_are_recorded_once_the_storage_works_again(serve, studio, job, fault):
    here = await studio(await serve("one"))
    here.log.faults["failed"] = [fault] * 3
    here.fleet.submit([job("lost", checkpoint="lost.safetensors")])
    await here.log.until("refused failed", 2)
    here.fleet.submit([job("also lost", checkpoint="lost.safetensors"), job("good")])
    await here.log.until("failed", 2)
    await here.log.until("collected", 1)
    assert sorted(here.log.ids("failed")) == ["also lost", "lost"]


async def test_a_cancel_is_recorded_once_the_storage_works_again(serve, studio, jobs):
    site = await serve("one", seconds=30.0)
    here = await studio(site)
    here.log.faults["cancelled"] = [FULL] * 4
    here.fleet.submit(jobs(3))
    await here.log.until("submitted", 2)
    await here.fleet.cancel("batch")
    await here.log.until("cancelled", 3)
    await here.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    assert sorted(here.log.ids("cancelled")) == ["image-0", "image-1", "image-2"]


async def test_a_failure_of_a_deleted_batch_is_forgotten(serve, studio, job):
    here = await studio(await serve("one"))
    here.log.faults["failed"] = [NotFound("There is no image 'lost'.")]
    here.fleet.submit([job("lost", checkpoint="lost.safetensors")])
    await here.log.until("refused failed", 1)
    here.fleet.submit([job("also lost", checkpoint="lost.safetensors")])
    await here.log.until("failed", 1)
    assert here.log.ids("failed") == ["also lost"]


async def test_a_job_given_up_and_handed_in_again_before_that_was_recorded_is_made(
    serve, studio, job
):
    here = await studio(await serve("one"), retry_seconds=1.0)
    here.log.faults["failed"] = [FULL]
    here.fleet.submit([job("a", checkpoint="lost.safetensors")])
    await here.log.until("refused failed", 1)
    here.fleet.submit([job("a")])
    await here.log.until("collected", 1)
    assert here.log.ids("failed") == []
