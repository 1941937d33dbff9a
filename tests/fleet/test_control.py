"""Cancel, pause, resume, and finding one's jobs again after a restart."""

from __future__ import annotations

import aiohttp

from companion_app.embedded.server import SERVER
from companion_app.fleet import Place
from vibes.workflows import build_graph, load_template


async def busy(here, site, jobs) -> None:
    """Let a batch begin: one prompt running, one pending, the rest waiting."""
    here.fleet.submit(jobs)
    await here.log.until("submitted", 2)
    queue = site.app[SERVER].queue
    await here.eventually(lambda: queue.running is not None and queue.remaining == 2)


async def post_as_somebody_else(site, job) -> None:
    """A prompt with id ``theirs``, sent past the fleet."""
    graph = build_graph(
        load_template("draft"),
        job.recipe,
        spelling=lambda kind, name: name,
        source=None,
        prefix="theirs",
        node_classes=frozenset(),
    )
    body = {"prompt": graph.graph, "prompt_id": "theirs", "client_id": "them"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.config.url}prompt", json=body) as reply,
    ):
        assert reply.status == 200


async def test_cancel_stops_what_runs_and_what_waits(serve, studio, jobs):
    site = await serve("one", seconds=30.0)
    here = await studio(site)
    await busy(here, site, jobs(5))
    await here.fleet.cancel("batch")
    assert sorted(here.log.ids("cancelled")) == [f"image-{n}" for n in range(5)]
    await here.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    await here.eventually(lambda: here.fleet.statuses()[0].state == "online")
    assert here.log.ids("collected") == []
    assert here.log.ids("failed") == []


async def test_cancel_touches_no_other_batch_and_nobody_elses_prompt(serve, studio, jobs, job):
    site = await serve("one", seconds=0.2)
    here = await studio(site)
    await post_as_somebody_else(site, job("their image"))
    here.fleet.submit([*jobs(2), job("kept", batch="other")])
    await here.log.until("submitted", 2)
    await here.fleet.cancel("batch")
    await here.log.until("collected", 1)
    assert here.log.ids("collected") == ["kept"]
    assert "theirs" in site.app[SERVER].queue.history()


async def test_a_paused_batch_gives_back_what_has_not_begun(serve, studio, jobs):
    site = await serve("one", seconds=0.4)
    here = await studio(site)
    await busy(here, site, jobs(3))
    here.fleet.pause("batch")
    await here.log.until("collected", 1)
    await here.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    assert len(here.log.ids("collected")) == 1
    await here.eventually(lambda: here.fleet.statuses()[0].state == "online")
    here.fleet.resume("batch")
    await here.log.until("collected", 3)
    assert sorted(here.log.ids("collected")) == ["image-0", "image-1", "image-2"]


async def test_other_batches_go_on_while_one_is_paused(serve, studio, jobs, job):
    here = await studio(await serve("one"))
    here.fleet.pause("batch")
    here.fleet.submit([*jobs(2), job("other", batch="other")])
    await here.log.until("collected", 1)
    assert here.log.ids("collected") == ["other"]


async def test_a_cancelled_job_can_be_submitted_again(serve, studio, jobs):
    here = await studio(await serve("one", seconds=0.3))
    here.fleet.submit(jobs(2))
    await here.log.until("submitted", 1)
    await here.fleet.cancel("batch")
    here.fleet.submit(jobs(2))
    await here.log.until("collected", 2)
    assert sorted(here.log.ids("collected")) == ["image-0", "image-1"]


async def test_a_prompt_that_is_being_called_off_is_not_taken_for_the_new_one(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    here = await studio(site)
    await busy(here, site, jobs(2))
    await here.fleet.cancel("batch")
    here.fleet.submit(jobs(2), traces=here.log.traces)
    await here.log.until("collected", 2)
    assert here.log.ids("failed") == []


async def test_after_a_restart_jobs_handed_in_twice_are_collected_once(serve, studio, jobs):
    site = await serve("one", seconds=0.1)
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    after = await studio(site, wait=False)
    for _ in range(2):
        after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.fleet.wait_ready(10)
    after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.log.until("collected", 2)
    await after.eventually(lambda: after.fleet.statuses()[0].state == "online")
    assert sorted(after.log.ids("collected")) == ["image-0", "image-1"]
    assert after.log.ids("submitted") == []


async def test_after_a_restart_nothing_is_rendered_twice(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    after = await studio(site, wait=False)
    after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.log.until("collected", 2)
    assert after.log.ids("submitted") == []
    assert len(site.app[SERVER].queue.history()) == 2


async def test_what_was_finished_during_the_restart_is_collected(serve, studio, jobs):
    site = await serve("one", seconds=0.1)
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    await before.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    after = await studio(site)
    after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.log.until("collected", 2)
    assert after.log.ids("submitted") == []


async def test_a_job_is_looked_for_where_it_was_before_others_may_make_it(serve, studio, jobs):
    site, other = await serve("one", seconds=0.3), await serve("two")
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    after = await studio(site, other)
    after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.log.until("collected", 2)
    assert after.log.made_by() == {"one": 2}
    assert after.log.ids("submitted") == []


async def test_what_the_server_has_forgotten_is_made_again(serve, studio, jobs):
    here = await studio(await serve("one"), wait=False)
    here.fleet.submit(jobs(2), traces={"image-0": {"one": "long gone"}})
    await here.log.until("collected", 2)
    assert sorted(here.log.ids("submitted")) == ["image-0", "image-1"]


async def test_what_was_on_a_server_that_is_gone_is_made_elsewhere(serve, studio, jobs):
    down = await serve("down", down=True)
    here = await studio(await serve("one"), down, wait=False)
    traces = {"image-0": {"down": "p"}, "image-1": {"no longer configured": "q"}}
    here.fleet.submit(jobs(2), traces=traces)
    await here.log.until("collected", 2)
    assert here.log.made_by() == {"one": 2}


async def test_stop_leaves_no_task_behind_however_early(serve, studio, jobs):
    down = await serve("down", down=True)
    for wait in (False, True):
        here = await studio(await serve(f"up-{wait}", seconds=5.0), down, wait=wait)
        here.fleet.submit(jobs(3))
        await here.fleet.stop()


async def test_one_image_is_cancelled_and_the_others_are_made(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    here = await studio(site)
    await busy(here, site, jobs(4))
    await here.fleet.cancel_job("image-0")
    await here.fleet.cancel_job("image-3")
    await here.log.until("collected", 2)
    assert sorted(here.log.ids("collected")) == ["image-1", "image-2"]
    assert sorted(here.log.ids("cancelled")) == ["image-0", "image-3"]
    _, prompt_id = here.log.prompts["image-0"]
    await here.eventually(lambda: here.log.dropped_prompts == [prompt_id])


async def test_a_held_image_is_called_back_and_waits_until_it_is_let_go(serve, studio, jobs):
    site = await serve("one", seconds=0.3)
    here = await studio(site)
    await busy(here, site, jobs(3))
    here.fleet.arrange({"image-1": Place(held=True)})
    await here.log.until("collected", 2)
    assert sorted(here.log.ids("collected")) == ["image-0", "image-2"]
    assert here.log.ids("returned") == ["image-1"]
    here.fleet.arrange({"image-1": Place()})
    await here.log.until("collected", 3)


async def test_a_waiting_image_moved_to_the_front_is_made_next(serve, studio, jobs):
    site = await serve("one", seconds=0.1)
    here = await studio(site)
    await busy(here, site, jobs(5))
    here.fleet.arrange({"image-4": Place(rank=(0.0, -1.0))})
    await here.log.until("collected", 5)
    assert here.log.ids("submitted")[2] == "image-4"


async def test_what_a_former_run_left_and_nobody_wants_is_taken_off(serve, studio, jobs):
    site = await serve("one", seconds=30.0)
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    after = await studio(site, wait=False)
    after.fleet.forget({"one": [prompt for _, prompt in before.log.prompts.values()]})
    await after.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    await after.eventually(lambda: len(after.log.dropped_prompts) == 2)


async def test_a_batch_cancelled_while_its_server_is_away_is_taken_off_when_it_is_back(
    serve, studio, jobs
):
    site = await serve("one", seconds=30.0)
    before = await studio(site)
    await busy(before, site, jobs(2))
    await before.fleet.stop()
    after = await studio(site, wait=False)
    after.fleet.submit(jobs(2), traces=before.log.traces)
    await after.fleet.cancel("batch")
    await after.eventually(lambda: site.app[SERVER].queue.remaining == 0)
    assert sorted(after.log.ids("cancelled")) == ["image-0", "image-1"]
