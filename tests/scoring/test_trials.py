"""Trials: rates of words with their intervals, and a comparison one may watch as it grows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.scoring.trials import (
    ALPHA,
    MOST_PICTURES,
    Outcome,
    SuccessRate,
    capitals,
    compare,
    success_rates,
    worst,
)

from .grids import PATIENT


def test_a_word_has_the_rate_of_the_pictures_made_with_it():
    found = success_rates(
        [
            Outcome(True, ("fox", "dusk"), {"place": "beach"}),
            Outcome(False, ("fox", "fox"), {"place": "forest"}),
        ]
    )
    assert found == [
        SuccessRate("keyword", "fox", "", 1, 2),
        SuccessRate("keyword", "dusk", "", 1, 1),
        SuccessRate("variation", "place", "beach", 1, 1),
        SuccessRate("variation", "place", "forest", 0, 1),
    ]
    assert found[0].rate == 0.5
    low, high = found[0].interval
    assert low < 0.1
    assert high > 0.9


def test_the_worst_words_fail_surely_not_by_one_picture():
    rates = [
        SuccessRate("keyword", "unlucky", "", 0, 2),
        SuccessRate("keyword", "hands", "", 4, 40),
        SuccessRate("keyword", "crowd", "", 0, 8),
        SuccessRate("keyword", "fox", "", 39, 40),
    ]
    assert [rate.name for rate in worst(rates, count=2)] == ["hands", "crowd"]
    assert [rate.name for rate in worst(rates, evidence=1)][-2:] == ["unlucky", "fox"]


def drawn(rate: float, count: int, rng: np.random.Generator) -> list[float]:
    return (rng.random(count) < rate).astype(float).tolist()


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_whoever_looks_after_every_picture_rarely_finds_what_is_not_there(rate: float):
    rng = np.random.default_rng(7)
    runs = 500
    alarms = 0
    for _ in range(runs):
        alarms += capitals(drawn(rate, 400, rng), drawn(rate, 400, rng)).max() >= 1 / ALPHA
    assert alarms / runs <= ALPHA


def test_a_test_that_is_not_made_for_peeking_would_find_it_often():
    """What the bets are for: the same watching with a test of two shares."""
    rng = np.random.default_rng(7)
    counts = np.arange(10, 401)
    alarms = 0
    for _ in range(200):
        a, b = (np.cumsum(drawn(0.5, 400, rng))[9:] / counts for _ in range(2))
        pooled = (a + b) / 2
        error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / counts, 1e-9))
        alarms += (np.abs(a - b) / error).max() > 1.96
    assert alarms / 200 > 4 * ALPHA


def test_a_real_difference_is_found_in_some_dozens_of_pairs():
    rng = np.random.default_rng(3)
    needed = []
    for _ in range(200):
        found = capitals(drawn(0.8, 300, rng), drawn(0.5, 300, rng)) >= 1 / ALPHA
        needed.append(int(found.argmax()) + 1 if found.any() else 301)
    assert np.median(needed) <= 45
    assert np.quantile(needed, 0.9) <= 100


def test_the_better_formulation_is_named():
    rng = np.random.default_rng(0)
    good, bad = drawn(0.8, 120, rng), drawn(0.4, 120, rng)
    found = compare(good, bad)
    assert found.verdict == "a"
    assert found.more == 0
    assert found.interval[0] >= 0
    assert found.sentence.startswith("A is better: ")
    assert compare(bad, good).verdict == "b"


def test_no_difference_is_said_once_none_worth_finding_is_left():
    rng = np.random.default_rng(1)
    a, b = drawn(0.9, 300, rng), drawn(0.9, 300, rng)
    found = compare(a, b)
    assert found.verdict == "same"
    assert max(map(abs, found.interval)) <= 0.2
    assert found.sentence.startswith("No difference worth more pictures")
    assert compare(a, b, worth=0.01).verdict == "open"


def test_an_open_comparison_says_how_many_more_pictures_it_needs():
    nothing = compare([], [])
    assert (nothing.verdict, nothing.pairs, nothing.interval) == ("open", 0, (-1, 1))
    assert 2 <= nothing.more <= 500
    assert nothing.sentence.startswith(f"Go on: about {nothing.more} more pictures.")
    hopeless = compare([0, 1] * 20, [1, 0] * 20, worth=0.01)
    assert hopeless.more == MOST_PICTURES
    assert "thousands of more pictures" in hopeless.sentence


def test_the_forecast_holds_where_pictures_go_on_as_before():
    a, b = [1, 1, 1, 1, 0] * 4, [0, 1, 0, 0, 1] * 4
    first = compare(a, b)
    assert first.verdict == "open"
    more = first.more // 2 // 5 + 1
    assert compare(a + a[:5] * more, b + b[:5] * more).verdict == "a"


def test_scores_of_pairs_are_compared_by_their_differences():
    """Seeds differ much more than formulations: only the pairs show it."""
    rng = np.random.default_rng(5)
    seeds = rng.random(70) * 0.8
    better = np.clip(seeds + 0.12 + 0.02 * rng.normal(size=70), 0, 1)
    paired = compare(better.tolist(), seeds.tolist())
    assert paired.verdict == "a"
    assert paired.evidence > 10 * compare(better.tolist(), rng.permutation(seeds).tolist()).evidence


def test_one_side_that_always_wins_leaves_hardly_an_interval():
    found = compare([1] * 1500, [0] * 1500)
    assert (found.verdict, found.interval) == ("a", (0.96, 1.0))


def test_what_one_side_has_too_many_waits_for_its_partner():
    assert compare([1, 1, 0], [1]) == compare([1], [1])


OUTCOMES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=30)


@PATIENT
@given(OUTCOMES)
def test_exchanging_the_sides_exchanges_the_verdict(pairs: list[tuple[float, float]]):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    one, other = compare(a, b), compare(b, a)
    assert other.verdict == {"a": "b", "b": "a"}.get(one.verdict, one.verdict)
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]), abs=0.021)
    assert -1 <= one.interval[0] <= one.difference + 0.021
    assert one.difference - 0.021 <= one.interval[1] <= 1
    assert (one.more == 0) == (one.verdict != "open")


@PATIENT
@given(OUTCOMES.filter(bool))
def test_the_evidence_of_a_comparison_is_the_last_of_its_path(pairs: list[tuple[float, float]]):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    path = capitals(a, b)
    assert len(path) == len(pairs)
    assert path[-1] == pytest.approx(compare(a, b).evidence)


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ([80], [70], {}, "divide percentages by 100"),
        ([float("nan")], [0.5], {}, "from 0 to 1"),
        ([1], [1], {"worth": 0}, "between 0 and 1"),
        ([1], [1], {"alpha": 1}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, options, message: str):
    with pytest.raises(InvalidInput, match=message):
        compare(a, b, **options)
