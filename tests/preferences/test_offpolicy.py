"""Estimates from logged grids: exact by hand where they are small, true to their word elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.preferences import Candidate, GridEvent, GridRejected, GridSubmitted, ShownImage
from vibes.preferences.offpolicy import checkpoint_value, compared, comparison
from vibes.preferences.trials import Trial

counts = st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
trials = st.builds(lambda chosen, probes: Trial(*chosen, *probes), counts, counts)


def image(
    checkpoint: str, *, picked: bool = False, propensity: float | None = None, probe: bool = False
) -> ShownImage:
    return ShownImage(
        image_id="",
        index=0,
        candidate=Candidate(checkpoint),
        picked=picked,
        checkpoint_propensity=propensity,
        probe=probe,
    )


def grid(batch: str, images: Sequence[ShownImage], *, stage: int = 0) -> GridEvent:
    numbered = tuple(
        replace(shown, image_id=f"{batch}-{place}", index=place)
        for place, shown in enumerate(images)
    )
    kind = GridSubmitted if any(shown.picked for shown in images) else GridRejected
    return kind(
        id=f"event-{batch}",
        time="2026-01-31T12:00:00+00:00",
        profile="default",
        session="s",
        batch=batch,
        stage=stage,
        prompt="",
        keywords=(),
        images=numbered,
        policy="taste",
    )


def compared_grid(batch: str, chosen: Sequence[bool], probes: Sequence[bool]) -> GridEvent:
    images = [image("a", picked=picked) for picked in chosen]
    images += [image("b", picked=picked, probe=True) for picked in probes]
    return grid(batch, images)


def test_chosen_images_and_probes_are_counted_by_hand() -> None:
    grids = [
        compared_grid("1", [True, True, False, False], [False]),
        compared_grid("2", [True, False, False, False], [True]),
        compared_grid("3", [True, True, True, False], [False]),
    ]
    found = comparison(grids)
    assert found is not None
    assert (found.chosen.picked, found.chosen.shown, found.grids) == (6, 12, 3)
    assert (found.probes.picked, found.probes.shown) == (1, 3)
    assert found.difference == pytest.approx(1 / 2 - 1 / 3)
    assert found.ratio == pytest.approx(1.5)


def test_the_difference_varies_as_its_grids_do() -> None:
    rng = np.random.default_rng(0)
    logged = [
        Trial(10, int(rng.binomial(10, 0.5)), 10, int(rng.binomial(10, 0.2))) for _ in range(200)
    ]
    found = compared(logged)
    assert found is not None
    differences = [(t.chosen_picked - t.probes_picked) / 10 for t in logged]
    low, high = found.difference_interval
    by_hand = 2 * 1.972 * np.std(differences, ddof=1) / math.sqrt(200)
    assert high - low == pytest.approx(by_hand, rel=0.05)


def test_only_first_grids_with_both_kinds_are_compared() -> None:
    both = compared_grid("1", [True], [False]), compared_grid("2", [True], [True])
    alone = compared_grid("3", [True] * 9, [])
    later = replace(compared_grid("4", [False] * 9, [True]), stage=1)
    assert comparison([*both, alone, later]) == comparison(both)


def test_a_grid_submitted_again_counts_as_it_was_last() -> None:
    first = compared_grid("1", [False, True], [False])
    again = compared_grid("1", [True, True], [True])
    other = compared_grid("2", [True, False], [False])
    assert comparison([first, other, again]) == comparison([other, again])


def test_what_the_user_decided_says_nothing_of_the_policy() -> None:
    own = replace(image("a", picked=True, propensity=0.5), decided=("checkpoint",))
    plain = [image("a", picked=True, propensity=0.5), image("b", propensity=0.5)]
    grids = [grid(str(number), plain) for number in range(3)]
    with_own = [grid(str(number), [*plain, own]) for number in range(3)]
    assert checkpoint_value(with_own, {"a": 1.0}) == checkpoint_value(grids, {"a": 1.0})


def test_one_grid_alone_tells_no_interval() -> None:
    one = grid("1", [image("a", picked=True, propensity=0.5), image("a", propensity=0.5)])
    assert checkpoint_value([one], {"a": 1.0}) is None
    assert comparison([one]) is None
    assert comparison([]) is None


def test_a_ratio_without_picked_probes_has_no_upper_end() -> None:
    found = compared([Trial(10, 5, 1, 0)] * 5)
    assert found is not None
    assert found.ratio is None
    assert found.ratio_interval[1] == math.inf
    assert found.ratio_interval[0] > 0


def test_rare_choices_weigh_as_much_as_they_were_rare() -> None:
    grids = [
        grid("1", [image("a", picked=True, propensity=0.8), image("b", propensity=0.2)]),
        grid("2", [image("b", picked=True, propensity=0.2), image("b", propensity=0.1)]),
    ]
    uniform = checkpoint_value(grids, {"a": 0.5, "b": 0.5})
    assert uniform is not None
    weights = [1 / 0.8, 1 / 0.2, 1 / 0.2, 1 / 0.1]
    assert uniform.rate == pytest.approx((weights[0] + weights[2]) / sum(weights))
    assert (uniform.picked, uniform.shown, uniform.grids) == (2, 4, 2)


def test_always_one_checkpoint_is_the_rate_of_its_own_images() -> None:
    grids = [
        grid(
            str(number), [image("a", picked=number < 3, propensity=0.5), image("b", propensity=0.5)]
        )
        for number in range(4)
    ]
    value = checkpoint_value(grids, {"a": 1.0})
    assert value is not None
    assert (value.rate, value.shown) == (0.75, 4)


def test_images_without_a_logged_propensity_do_not_count() -> None:
    grids = [grid(str(number), [image("a", picked=True)]) for number in range(4)]
    assert checkpoint_value(grids, {"a": 1.0}) is None


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_target_that_is_no_probability_is_refused(share: float) -> None:
    with pytest.raises(InvalidInput, match="probabilities by checkpoint"):
        checkpoint_value([], {"a": share})


@given(st.lists(trials, min_size=2, max_size=30))
def test_intervals_hold_their_estimates(logged: list[Trial]) -> None:
    found = compared(logged)
    assert found is not None
    for rate in (found.chosen, found.probes):
        assert 0 <= rate.interval[0] <= rate.rate + 1e-12
        assert rate.rate - 1e-12 <= rate.interval[1] <= 1
        assert 0 < rate.effective <= rate.shown
    low, high = found.difference_interval
    assert -1 <= low <= found.difference + 1e-12
    assert found.difference - 1e-12 <= high <= 1
    assert 0 < found.ratio_interval[0] < found.ratio_interval[1]


@given(st.lists(trials, min_size=2, max_size=20), st.randoms())
def test_the_order_of_grids_leaves_no_trace(logged: list[Trial], chance: object) -> None:
    shuffled = logged.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = compared(logged), compared(shuffled)
    assert one is not None
    assert other is not None
    assert one.difference_interval == pytest.approx(other.difference_interval)
    assert one.chosen.interval == pytest.approx(other.chosen.interval)


def test_nine_of_ten_intervals_hold_the_truth_where_grids_differ() -> None:
    """Logged by chance 0.8 : 0.2; picks depend on the grid, so images of one grid are alike."""
    rng = np.random.default_rng(1)
    truth = {"a": 0.3, "b": 0.5}
    held = 0
    for _ in range(200):
        logged = []
        for number in range(40):
            mood = rng.uniform(-0.25, 0.25)
            images = []
            for _ in range(10):
                name, propensity = ("a", 0.8) if rng.random() < 0.8 else ("b", 0.2)
                picked = bool(rng.random() < truth[name] + mood)
                images.append(image(name, picked=picked, propensity=propensity))
            logged.append(grid(str(number), images))
        value = checkpoint_value(logged, {"a": 0.5, "b": 0.5})
        assert value is not None
        held += value.interval[0] <= 0.4 <= value.interval[1]
    assert held >= 180
