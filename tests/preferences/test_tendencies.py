"""Style tendencies from counts alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibes.preferences.tally import Count
from vibes.preferences.tendencies import asked, picked
from vibes.prompts.styles import Axis, Side, said

LOOK = Axis(
    "look", Side("photo", frozenset({"photo", "film grain"})), Side("drawn", frozenset({"anime"}))
)

counts = st.integers(1, 10_000).flatmap(
    lambda total: st.integers(0, total).map(lambda selected: Count(selected, total, 1))
)


def test_prompts_lean_to_what_they_ask_for():
    lean = asked(LOOK, {"photo": 3, "anime girl": 9, "beach": 40})
    assert lean.balance == 0.5
    assert lean.interval[0] < 0.5 < lean.interval[1]
    assert (lean.left.selected, lean.right.selected) == (3, 9)


def test_a_word_that_stands_alone_is_not_counted_again_in_a_longer_keyword():
    assert asked(LOOK, {"anime": 9, "anime girl": 9, "photo": 9}).balance == 0


def test_nothing_is_told_of_prompts_that_say_neither():
    assert asked(LOOK, {"beach": 3}) is None


def test_picks_lean_to_the_side_that_is_picked_more_of_what_was_shown():
    lean = picked(
        LOOK, [(said("film grain"), Count(10, 100, 9)), (said("anime lines"), Count(9, 30, 5))]
    )
    assert 0.4 < lean.balance < 0.6
    assert lean.interval[0] > 0
    assert lean.is_clear


def test_nothing_is_told_of_picks_until_both_sides_were_shown():
    assert picked(LOOK, [(said("anime"), Count(9, 30, 5)), (said("beach"), Count(9, 9, 1))]) is None


def test_a_model_of_both_sides_says_nothing():
    models = [(said("anime"), Count(3, 9, 1)), (said("photo"), Count(3, 9, 1))]
    assert picked(LOOK, [*models, (said("anime photo"), Count(99, 99, 9))]) == picked(LOOK, models)


@given(counts, counts)
def test_a_lean_lies_in_its_interval_and_turns_round_with_the_axis(one, other):
    turned = Axis(LOOK.name, LOOK.right, LOOK.left)
    models = [(said("photo"), one), (said("anime"), other)]
    lean, mirrored = picked(LOOK, models), picked(turned, models)
    assert -1 <= lean.interval[0] <= lean.balance <= lean.interval[1] <= 1
    assert abs(lean.balance + mirrored.balance) < 1e-9
