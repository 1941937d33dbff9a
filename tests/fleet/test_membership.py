"""Servers join, leave, and are asked who they are, while the fleet runs."""

from __future__ import annotations

import pytest

from companion_app.embedded.server import SERVER
from vibes.errors import InvalidInput, NotFound, ServerUnreachable


async def test_a_server_that_joins_takes_part(serve, studio, jobs):
    here = await studio(wait=False)
    here.fleet.submit(jobs(2))
    site = await serve("new")
    here.fleet.add(site.config)
    await here.log.until("collected", 2)
    assert here.log.made_by() == {"new": 2}


async def test_two_servers_of_one_name_are_refused(serve, studio):
    site = await serve("one")
    here = await studio(site)
    with pytest.raises(InvalidInput, match="'one' already"):
        here.fleet.add(site.config)


async def test_what_a_removed_server_had_is_made_elsewhere(serve, studio, jobs):
    leaving = await serve("leaving", seconds=30.0)
    here = await studio(leaving)
    here.fleet.submit(jobs(3))
    queue = leaving.app[SERVER].queue
    await here.eventually(lambda: queue.running is not None and queue.remaining == 2)
    here.fleet.add((await serve("staying")).config)
    await here.fleet.remove("leaving")
    assert queue.remaining == 0
    assert [status.name for status in here.fleet.statuses()] == ["staying"]
    await here.log.until("collected", 3)
    assert here.log.made_by() == {"staying": 3}
    assert here.log.ids("failed") == []


async def test_a_server_that_is_away_can_be_removed(serve, studio, jobs):
    here = await studio(await serve("away", down=True), await serve("one"))
    await here.fleet.remove("away")
    here.fleet.submit(jobs(1))
    await here.log.until("collected", 1)
    with pytest.raises(NotFound):
        await here.fleet.remove("away")


async def test_a_probe_tells_who_is_there(serve, studio):
    site = await serve("one")
    here = await studio()
    found = await here.fleet.probe(site.config)
    assert found.version
    assert found.checkpoints > 0
    assert found.loras > 0
    assert not found.pack
    assert 0 < found.seconds < 10
    await site.stop()
    with pytest.raises(ServerUnreachable):
        await here.fleet.probe(site.config)


async def test_a_password_in_an_address_is_not_shown(serve, studio):
    from vibes.settings import ServerConfig

    site = await serve("one", down=True)
    secret = f"http://me:secret@127.0.0.1:{site.config.url.port}"
    here = await studio(ServerConfig(name="one", url=secret))
    (status,) = here.fleet.statuses()
    assert "secret" not in repr(status)


async def test_the_standing_of_every_open_job_is_told(serve, studio, jobs, job):
    site = await serve("one", seconds=0.5)
    here = await studio(site, await serve("down", down=True))
    here.fleet.submit([*jobs(3), job("lost", checkpoint="lost.safetensors")])
    queue = site.app[SERVER].queue
    await here.eventually(lambda: queue.running is not None and queue.remaining == 2)
    await here.eventually(lambda: [s.phase for s in here.fleet.standings()].count("running") == 1)
    standings = {s.job_id: s for s in here.fleet.standings()}
    assert [standings[f"image-{n}"].phase for n in range(3)] == ["running", "queued", "waiting"]
    assert standings["image-0"].server == "one"
    assert standings["image-2"].server is None
    assert "one: checkpoint lost is not there" in standings["lost"].why
    assert standings["image-2"].why[0].startswith("down: does not answer")
