from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.preferences import apportion

weights = st.lists(st.floats(0, allow_infinity=False, allow_nan=False), min_size=1, max_size=12)
seats = st.integers(0, 200)
floors = st.integers(0, 5)


@given(weights, seats, floors)
def test_shares_sum_to_the_seats(weights, seats, floor):
    assert sum(apportion(weights, seats, floor=floor)) == seats


@given(weights, seats, floors)
def test_nobody_falls_below_the_floor_that_can_be_afforded(weights, seats, floor):
    affordable = min(floor, seats // len(weights))
    assert min(apportion(weights, seats, floor=floor)) >= affordable


@given(weights, seats, floors)
def test_a_larger_weight_never_gets_less(weights, seats, floor):
    shares = apportion(weights, seats, floor=floor)
    by_weight = sorted(zip(weights, shares, strict=True))
    for (light, fewer), (heavy, more) in pairwise(by_weight):
        assert fewer <= more or light == heavy


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=12), seats)
def test_without_a_floor_every_share_is_its_quota_rounded_up_or_down(weights, seats):
    for weight, share in zip(weights, apportion(weights, seats), strict=True):
        assert abs(share - weight / sum(weights) * seats) < 1 + 1e-9


@pytest.mark.parametrize(
    ("weights", "seats", "floor", "shares"),
    [
        ([1, 1, 1], 20, 0, [7, 7, 6]),
        ([10, 3, 1], 14, 0, [10, 3, 1]),
        ([0.98, 0.01, 0.01], 20, 2, [16, 2, 2]),
        ([0, 0], 5, 0, [3, 2]),
        ([5, 1], 1, 2, [1, 0]),
        ([1e308, 1e308, 1e308], 3, 0, [1, 1, 1]),
    ],
)
def test_examples_worked_out_by_hand(weights, seats, floor, shares):
    assert apportion(weights, seats, floor=floor) == shares


@pytest.mark.parametrize("weights", [[], [-1.0], [float("nan")], [float("inf")]])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(InvalidInput):
        apportion(weights, 5)
