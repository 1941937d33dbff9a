"""Speeds are measured, and what they mean for the work ahead is foretold."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from companion_app.fleet.backoff import Backoff
from companion_app.fleet.forecast import Lane, forecast
from companion_app.fleet.pace import Pace


def test_work_is_shared_in_proportion_to_speed(job):
    lanes = {"slow": Lane(3.0), "fast": Lane(1.0)}
    placed = forecast([job(str(n)) for n in range(20)], lanes, lambda *_: True)
    assert Counter(p.server for p in placed) == {"fast": 15, "slow": 5}
    assert max(p.done_in for p in placed) == 15.0


def test_a_job_goes_only_where_it_can_be_made(job):
    lanes = {"slow": Lane(9.0), "fast": Lane(1.0)}
    placed = forecast(
        [job("a"), job("b")], lanes, lambda server, j: (server, j.id) != ("fast", "a")
    )
    assert [(p.job.id, p.server) for p in placed] == [("a", "slow"), ("b", "fast")]


def test_a_job_nobody_can_make_is_not_foretold(job):
    assert forecast([job("a")], {"one": Lane(1.0)}, lambda *_: False) == []


def test_an_image_that_waited_behind_another_did_not_take_longer_for_it():
    pace = Pace()
    assert pace.images_per_minute is None
    pace.finished(posted=0.0, now=2.0)
    pace.finished(posted=0.1, now=4.0)
    assert pace.images_per_minute == pytest.approx(30.0)


def test_idle_time_does_not_count_as_slowness():
    pace = Pace()
    pace.finished(posted=0.0, now=2.0)
    pace.finished(posted=100.0, now=102.0)
    assert pace.seconds_per_image == pytest.approx(2.0)


def test_waits_double_up_to_the_longest_and_start_over():
    backoff = Backoff(np.random.default_rng(0), first=1.0, longest=30.0)
    waits = [backoff.next() for _ in range(8)]
    for wait, full in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert full / 2 <= wait <= full
    backoff.reset()
    assert backoff.next() <= 1.0
