"""Sequences of troubles that once had jobs lost, made for nobody, or waiting for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .inspection import check, finish
from .simulated_studio import World


@pytest.fixture
def world() -> Iterator[World]:
    """A studio at work; in the end everything is healed, and every job must have its end."""
    world = World()
    world.loop.run_for(1)
    try:
        yield world
        if not world.violations:
            check(world)
            finish(world)
    finally:
        world.close()
    assert not world.violations


def test_a_job_is_not_lost_with_a_server_that_is_removed_while_the_disk_is_full(
    world: World,
) -> None:
    world.trouble_storage("after", 0.0)
    world.submit(1)
    world.loop.run_for(45)
    world.remove("one")
    world.loop.run_for(20)


def test_a_job_is_not_lost_with_a_server_that_hangs_and_is_removed(world: World) -> None:
    world.servers["one"].set_faults(hangs=True, deaf=True)
    world.submit(3)
    world.loop.run_for(3)
    world.remove("one")
    world.loop.run_for(20)


def test_a_server_can_be_removed_twice_at_once(world: World) -> None:
    world.servers["one"].set_faults(hangs=True, deaf=True)
    world.submit(3)
    world.loop.run_for(3)
    world.remove("one")
    world.loop.run_for(3)
    world.remove("one")
    world.loop.run_for(20)


def test_a_studio_that_ends_while_a_server_is_removed_leaves_no_task(world: World) -> None:
    world.trouble_storage("before", 0.0)
    world.submit(5, checkpoint="b.safetensors")
    world.loop.run_for(45)
    world.remove("one")
    world.loop.run_for(0.05)
    world.restart(kill=False)


def test_a_job_called_off_while_its_server_is_removed_does_not_come_back(world: World) -> None:
    world.trouble_storage("before", 1.0)
    batch = world.submit(1)
    world.remove("one")
    world.loop.run_for(45)
    world.cancel_batch(batch)


def test_a_picture_called_off_too_late_is_not_made_again_when_its_server_is_removed(
    world: World,
) -> None:
    batch = world.submit(5, checkpoint="b.safetensors")
    world.loop.run_for(3)
    world.trouble_storage("before", 0.0)
    world.loop.run_for(12)
    world.cancel_batch(batch)
    world.remove("one")
    world.loop.run_for(3)


@pytest.mark.parametrize("method", ["finished", "queue", "interrupt", "delete"])
def test_a_prompt_that_cannot_be_asked_about_is_taken_off_in_the_end(
    world: World, method: Any
) -> None:
    world.servers["one"].set_faults(hangs=True, deaf=True)
    world.servers["one"].lost_replies[method] = 5
    batch = world.submit(4)
    world.loop.run_for(3)
    world.cancel_batch(batch)
    world.loop.run_for(45)


def test_a_job_cancelled_while_its_return_is_being_written_leaves_nothing_adrift(
    world: World,
) -> None:
    world.submit(1)
    world.restart(kill=False)
    world.trouble_storage("before", 1.0)
    world.loop.run_for(3)
    world.cancel_job("image-1-0")
    world.loop.run_for(3)


@pytest.mark.parametrize("trouble", ["before", "after"])
def test_a_job_paused_while_it_is_being_announced_is_announced_once_at_a_time(
    world: World, trouble: Any
) -> None:
    world.trouble_storage(trouble, 1.0)
    batch = world.submit(1)
    world.pause(batch)
    world.loop.run_for(3)


def test_a_prompt_of_a_former_run_is_taken_off_though_its_job_was_made_elsewhere(
    world: World,
) -> None:
    world.servers["one"].set_faults(hangs=True)
    world.submit(1)
    world.loop.run_for(1)
    world.servers["one"].set_faults(away="refusing")
    world.restart(kill=True)
    world.loop.run_for(60)


def test_a_prompt_of_a_former_run_is_not_forgotten_where_its_checkpoint_is_gone(
    world: World,
) -> None:
    world.servers["one"].set_faults(hangs=True)
    world.submit(1, checkpoint="c.safetensors")
    world.loop.run_for(1)
    world.servers["one"].install("c.safetensors", there=False)
    world.restart(kill=True)
    world.loop.run_for(10)


def test_servers_do_not_wait_for_each_other_with_a_job_nobody_wants(world: World) -> None:
    world.servers["two"].set_faults(refuses=True)
    world.submit(5)
    world.servers["three"].set_faults(memory=1)
    world.servers["one"].set_faults(pictures="gone")
    world.loop.run_for(3)
    world.submit(1)
    world.loop.run_for(3)


def test_a_job_its_other_servers_refuse_is_tried_where_a_like_one_found_too_little_memory(
    world: World,
) -> None:
    world.servers["three"].set_faults(memory=1)
    world.submit(5)
    world.loop.run_for(20)
    world.servers["three"].set_faults(memory=None)
    world.servers["one"].set_faults(refuses=True)
    world.servers["two"].set_faults(refuses=True)
    world.submit(4)
    world.loop.run_for(20)


def test_other_peoples_prompts_are_left_alone(world: World) -> None:
    world.queue_foreign("one", 2)
    batch = world.submit(5)
    world.loop.run_for(1)
    world.queue_foreign("one", 2)
    world.cancel_batch(batch)
    world.remove("two")
    world.restart(kill=True)
    world.loop.run_for(30)
    assert not world.servers["one"].queue


def test_a_render_that_outlives_an_outage_is_collected_and_not_made_again(world: World) -> None:
    world.add("four")
    for name in ("one", "two", "three"):
        world.drain(name, draining=True)
    world.submit(1)
    world.loop.run_for(2)
    world.servers["four"].set_faults(away="refusing")
    world.loop.run_for(8)
    world.servers["four"].heal()
    world.loop.run_for(40)
    (attempt,) = world.record.attempts.values()
    assert attempt.state == "collected"


def test_a_render_that_is_stuck_for_good_is_interrupted_and_made_elsewhere(world: World) -> None:
    world.servers["one"].set_faults(hangs=True)
    world.submit(3)
    world.loop.run_for(5)
    world.servers["one"].set_faults(hangs=False)
    world.loop.run_for(60)
    assert not world.servers["one"].ours()
