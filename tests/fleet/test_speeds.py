"""Speeds and switches are measured from what servers do, and estimated where they are not."""

from __future__ import annotations

import pytest

from benchmarks.virtual_fleet import virtual_job
from companion_app.fleet.lanes import Lanes
from companion_app.fleet.line import WaitingLine, kind_of
from companion_app.fleet.speeds import SWITCH_IMAGES, Speeds

DRAFT = kind_of(virtual_job("draft", "a"))
LARGE = DRAFT._replace(width=1024, height=1024)


def entry_of(id: str, checkpoint: str = "a", **traits):
    return WaitingLine().admit(virtual_job(id, checkpoint, **traits))


def test_nothing_is_known_at_first():
    speeds = Speeds()
    assert speeds.seconds("one", DRAFT) == 1.0
    assert speeds.switch("one", DRAFT) == SWITCH_IMAGES
    assert speeds.switch_seconds("one") is None
    assert speeds.images_per_minute("one") is None
    assert speeds.sizes("one") == ()
    assert not speeds.is_known("one")


def test_a_change_of_speed_is_followed_within_a_few_images():
    speeds = Speeds()
    for _ in range(10):
        speeds.measured("one", DRAFT, 2.0, switched=False)
    assert speeds.seconds("one", DRAFT) == pytest.approx(2.0)
    for _ in range(10):
        speeds.measured("one", DRAFT, 4.0, switched=False)
    assert speeds.seconds("one", DRAFT) == pytest.approx(4.0, rel=0.05)
    assert speeds.images_per_minute("one") == pytest.approx(15, rel=0.05)


def test_a_size_not_seen_yet_is_scaled_by_its_work():
    speeds = Speeds()
    speeds.measured("one", DRAFT, 2.0, switched=False)
    assert speeds.seconds("one", LARGE) == pytest.approx(8.0)
    assert speeds.seconds("one", DRAFT._replace(steps=40)) == pytest.approx(4.0)


def test_a_server_not_measured_is_thought_as_fast_as_the_others():
    speeds = Speeds()
    speeds.measured("one", DRAFT, 2.0, switched=False)
    speeds.measured("two", DRAFT, 4.0, switched=False)
    assert speeds.seconds("new", DRAFT) == pytest.approx(3.0)
    speeds.forget("two")
    assert speeds.seconds("new", LARGE) == pytest.approx(8.0)


def test_the_switch_is_what_the_first_image_took_longer():
    speeds = Speeds()
    speeds.measured("one", DRAFT, 12.0, switched=True)
    assert speeds.seconds("one", DRAFT) == pytest.approx(2.0)  # as if a switch took five images
    speeds.measured("one", DRAFT, 3.0, switched=False)
    assert speeds.seconds("one", DRAFT) == pytest.approx(3.0)
    assert speeds.switch_seconds("one") == pytest.approx(9.0)
    speeds.measured("one", DRAFT, 13.0, switched=True)
    assert speeds.switch_seconds("one") == pytest.approx(9.3)
    assert speeds.seconds("one", DRAFT) == pytest.approx(3.0)


def test_the_first_image_of_a_server_is_read_by_what_switches_take_elsewhere():
    speeds = Speeds()
    for seconds, switched in ((2.0, True), (2.0, False)):
        speeds.measured("one", DRAFT, seconds, switched=switched)
    speeds.measured("two", DRAFT, 4.0, switched=True)
    assert speeds.seconds("two", DRAFT) == pytest.approx(4.0)


def test_what_was_measured_is_told_size_by_size():
    speeds = Speeds()
    speeds.measured("one", LARGE, 8.0, switched=False)
    speeds.measured("one", DRAFT, 2.0, switched=False)
    rows = [(row.width, row.seconds) for row in speeds.sizes("one")]
    assert rows == [(512, pytest.approx(2.0)), (1024, pytest.approx(8.0))]


def test_an_image_that_waited_behind_another_did_not_take_longer_for_it():
    lanes = Lanes()
    for number in range(3):
        lanes.begin("one", entry_of(f"{number}"), 0.0)
    for number, now in enumerate((12.0, 14.0, 16.0)):
        lanes.finished("one", f"{number}", now)
    assert lanes.speeds.seconds("one", DRAFT) == pytest.approx(2.0)
    assert lanes.speeds.switch_seconds("one") == pytest.approx(10.0)


def test_idle_time_and_the_time_until_a_job_is_posted_do_not_count():
    lanes = Lanes()
    for number in range(3):
        lanes.begin("one", entry_of(f"{number}"), 100.0 * number)
        lanes.started("one", f"{number}", 100.0 * number + 50)
        lanes.finished("one", f"{number}", 100.0 * number + 52)
    assert lanes.speeds.seconds("one", DRAFT) == pytest.approx(2.0)


def test_a_picture_made_aside_takes_no_time_from_the_job_behind_it():
    lanes = Lanes()
    for number in range(2):
        lanes.begin("one", entry_of(f"{number}"), 20.0 * number)
        if number:
            lanes.rendered_aside("one", "a", 25.0)
        lanes.finished("one", f"{number}", 20.0 * number + 7)
    assert lanes.speeds.seconds("one", DRAFT) == pytest.approx(2.0)


def test_after_a_picture_aside_with_another_checkpoint_nobody_knows_what_is_loaded():
    lanes = Lanes()
    lanes.begin("one", entry_of("1"), 0.0)
    lanes.finished("one", "1", 2.0)
    lanes.rendered_aside("one", "a", 3.0)
    assert lanes["one"].warm_checkpoint == "a"
    lanes.rendered_aside("one", "b", 4.0)
    assert lanes["one"].warm_checkpoint is None


def test_a_job_found_again_after_a_restart_is_not_timed():
    lanes = Lanes()
    lanes.begin("one", entry_of("1"), 0.0, timed=False)
    lanes.finished("one", "1", 0.001)
    assert not lanes.speeds.is_known("one")
    assert lanes["one"].warm_checkpoint == "a"


def test_a_server_that_is_overdue_looks_slower_and_slower():
    lanes = Lanes()
    lanes.speeds.measured("one", DRAFT, 2.0, switched=False)
    lanes["one"].loaded = DRAFT
    lanes.begin("one", entry_of("1"), 0.0)
    lanes.begin("one", entry_of("2"), 0.0)
    assert lanes["one"].left(0.5) == pytest.approx(3.5)
    assert lanes["one"].left(2.0) == pytest.approx(2.0)
    assert lanes["one"].left(10.0) == pytest.approx(10.0)


def test_the_time_left_counts_the_checkpoints_to_be_loaded():
    lanes = Lanes()
    lanes.speeds.measured("one", DRAFT, 2.0, switched=False)
    lanes.begin("one", entry_of("1", "a"), 0.0)
    lanes.begin("one", entry_of("2", "b"), 0.0)
    assert lanes["one"].ends(0.0) == [pytest.approx(12.0), pytest.approx(24.0)]


def test_a_server_is_warm_for_the_last_job_it_was_given_and_cold_when_it_came_anew():
    lanes = Lanes()
    lanes.open("one")
    lanes.begin("one", entry_of("1", "a"), 0.0)
    lanes.begin("one", entry_of("2", "b"), 0.0)
    assert [lane.name for lane in lanes.warm_for("b")] == ["one"]
    lanes.ended("one", "2", 1.0)  # it was withdrawn before it ran
    assert [lane.name for lane in lanes.warm_for("a")] == ["one"]
    lanes.ended("one", "1", 2.0)
    lanes.ended("one", "1", 2.0)
    assert lanes["one"].warm_checkpoint == "a"
    lanes.cool("one")
    assert lanes.warm_for("a") == []
    assert [lane.name for lane in lanes.idle()] == ["one"]


def test_a_server_that_is_closed_or_gone_helps_nobody():
    lanes = Lanes()
    lanes.open("one")
    lanes.begin("one", entry_of("1", "a"), 0.0)
    lanes.close("one")
    assert lanes.warm_for("a") == []
    assert lanes.opened() == []
    assert [lane.name for lane in lanes.occupied()] == ["one"]
    lanes.remove("one")
    assert lanes.occupied() == []
