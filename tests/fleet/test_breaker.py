"""How long a server is left alone after it failed, and what closes the matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from companion_app.fleet.backoff import Backoff
from companion_app.fleet.breaker import THRESHOLD, Breaker


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def new_breaker(clock: Watch) -> Breaker:
    return Breaker(Backoff(np.random.default_rng(0), first=10, longest=600), clock)


def test_waits_double_up_to_the_longest_and_start_over():
    backoff = Backoff(np.random.default_rng(0), first=1.0, longest=30.0)
    waits = [backoff.next() for _ in range(8)]
    for wait, full in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert full / 2 <= wait <= full
    backoff.reset()
    assert backoff.next() <= 1.0


def test_a_server_rests_after_failures_in_a_row_and_then_is_on_trial():
    clock = Watch()
    breaker = new_breaker(clock)
    assert [breaker.failed() for _ in range(THRESHOLD)] == [False] * (THRESHOLD - 1) + [True]
    assert breaker.resting
    assert 5 <= breaker.seconds_left <= 10
    clock.now += 10
    assert not breaker.resting
    assert breaker.on_trial
    assert breaker.seconds_left is None


def test_a_failed_trial_means_a_longer_rest_and_a_success_means_none():
    clock = Watch()
    breaker = new_breaker(clock)
    breaker.trip()
    first = breaker.seconds_left
    clock.now += 10
    assert breaker.failed()
    assert breaker.seconds_left > first * 1.01 or breaker.seconds_left >= 10
    clock.now += 20
    breaker.succeeded()
    assert not breaker.on_trial
    assert not breaker.failed()


@given(st.lists(st.sampled_from(["failed", "succeeded", "wait"]), max_size=60))
def test_it_never_rests_without_failures_in_a_row(happenings):
    clock = Watch()
    breaker = new_breaker(clock)
    in_a_row = 0
    for what in happenings:
        if what == "wait":
            clock.now += 7
        else:
            in_a_row = in_a_row + 1 if what == "failed" else 0
            getattr(breaker, what)()
        assert not (breaker.resting and breaker.on_trial)
        if in_a_row < THRESHOLD:
            assert not breaker.resting
