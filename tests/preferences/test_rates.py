from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.preferences import confidence, interval


@pytest.mark.parametrize(("total", "expected"), [(0, 0), (5, 0.25), (20, 1), (500, 1)])
def test_confidence_grows_to_one_at_twenty_images(total, expected):
    assert confidence(total) == expected


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_stays_between_zero_and_one(counts):
    selected, total = counts
    low, high = interval(selected, total)
    assert 0 <= low <= selected / total + 1e-12
    assert selected / total - 1e-12 <= high <= 1


def test_the_interval_is_wilsons():
    # 15 of 20 at 95 %, as in R: prop.test(15, 20, correct = FALSE)
    assert interval(15, 20) == pytest.approx((0.5313, 0.8881), abs=1e-4)


def test_without_images_every_rate_is_possible():
    assert interval(0, 0) == (0.0, 1.0)


def test_more_images_of_the_same_rate_narrow_the_interval():
    narrow, wide = interval(150, 200), interval(15, 20)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
