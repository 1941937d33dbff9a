"""What must hold of a simulated studio at any moment, and when everything is over."""

from __future__ import annotations

from collections import Counter

from .durable_log import Attempt
from .simulated_studio import World

PATIENCE = 3 * 3600  # seconds until everything is made once nothing is wrong any more


def _storage_is_sound(world: World) -> bool:
    """Whether it has been for so long that whatever was to be told has been told."""
    return world.loop.time() - world.sound_since > 60


def check(world: World) -> None:
    """What must hold whenever nobody is at work."""
    for act in world.acts:
        if act.done() and not act.cancelled() and act.exception() is not None:
            world.violations.append(f"an act of the owner failed: {act.exception()!r}")
    standings = world.fleet.standings()
    world.fleet.statuses()
    places = Counter(standing.job_id for standing in standings)
    for job_id, count in places.items():
        if count > 1:
            world.violations.append(f"{job_id} is in {count} places")
    for job_id in world.record.open_ids() if _storage_is_sound(world) else ():
        if job_id not in places:
            world.violations.append(f"{job_id} is open but in no place")
    for image in world.record.images.values():
        if image.collections > 1:
            world.violations.append(f"{image.job.id} was collected {image.collections} times")
    assert not world.violations, "\n".join(dict.fromkeys(world.violations))


def finish(world: World) -> None:
    """Heal everything, let everything go on, and see that it comes to an end."""
    for server in world.servers.values():
        server.heal()
        if server.running is not None and server.running.id in world.deserted:
            server.release()
    world.trouble_storage("", 0.0)
    for batch_id in tuple(world.record.paused):
        world.resume(batch_id)
    world.arrange(list(world.record.images.values()), held=False)
    for name in tuple(world.drained):
        world.drain(name, draining=False)
    for _ in range(PATIENCE // 20):
        world.loop.run_for(20)
        if _is_over(world):
            break
    check(world)
    world.loop.run_for(5)
    _check_end(world)
    assert not world.violations, "\n".join(dict.fromkeys(world.violations))


def _is_over(world: World) -> bool:
    on_servers = any(world.servers[name].ours() for name in world.fleet_names)
    statuses = world.fleet.statuses()
    idle = all(status.state == "online" and not status.images for status in statuses)
    return idle and not on_servers and not world.record.open_ids() and not _undropped(world)


def _undropped(world: World) -> list[Attempt]:
    """Attempts that the record believes servers may still have."""
    gone = world.deserted
    return [one for one in world.record.under_way() if one.prompt_id not in gone]


def _check_end(world: World) -> None:
    for job_id in world.record.open_ids():
        world.violations.append(f"{job_id} is never made")
    for attempt in _undropped(world):
        world.violations.append(
            f"{attempt.prompt_id} of {attempt.job_id} on {attempt.server} stays {attempt.state}"
        )
    for name in world.fleet_names:
        for prompt_id in world.servers[name].ours() - world.deserted:
            world.violations.append(f"{prompt_id} is still on {name}")
    for status in world.fleet.statuses():
        if status.images or status.state != "online":
            world.violations.append(f"{status.name} is not idle: {status}")
    if world.fleet.standings():
        world.violations.append(f"the fleet is not idle: {world.fleet.standings()}")
    for batch_id in {image.job.batch_id for image in world.record.images.values()}:
        if shares := world.fleet.distribution(batch_id):
            world.violations.append(f"the fleet still counts on {shares} for {batch_id}")
