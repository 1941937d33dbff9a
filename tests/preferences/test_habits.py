"""Habits: folded from changed parameters, sparing with conclusions, exact to store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import NOON, adjustments, submitted
from vibes.errors import InvalidInput
from vibes.preferences import (
    Forget,
    Habits,
    ParametersChanged,
    Statistics,
    export_document,
    import_document,
    lesson,
)
from vibes.preferences.forgetting import redacted
from vibes.preferences.habits import LAST


def changed(suggested, chosen, *, family="sdxl", style="photo", event_id="e", **fields):
    about = (NOON, "default", "s", "b", 0)
    said = fields.get("prompt", "a photo of a beach"), fields.get("keywords", ("photo", "beach"))
    return ParametersChanged(event_id, *about, *said, family, style, suggested, chosen)


def after(*choices, name="cfg", was=7.0):
    """The habit about one parameter after these choices."""
    events = [changed({name: was}, {name: now}) for now in choices]
    return Habits.fold(events).of("sdxl", "photo").get(name)


def test_a_habit_says_what_is_usually_done_and_how_often():
    habit = after(5.5, 5.5, 7.0, 5.5, 5.5, 5.5, 5.5)
    assert habit.sentence == "You usually lower CFG: by 1.5 in 6 of 7 grids."
    assert habit.count == 7
    assert after(40, 35, was=30, name="steps").sentence == (
        "You usually raise the steps: by 8 in 2 of 2 grids."
    )
    assert after(7.0, 7.0).sentence == "You leave CFG as suggested."
    assert after(5.0, 7.0, 7.0).sentence == "You sometimes lower CFG: by 2 in 1 of 3 grids."


def test_the_shift_grows_with_the_evidence_and_never_beyond_it():
    ratios = [after(*[3.5] * count).ratio for count in (1, 3, 10, 100)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] == pytest.approx(0.5 ** (1 / 4))
    assert 0.5 < ratios[-1] < 0.55


def test_leaving_a_suggestion_speaks_against_a_shift():
    assert after(3.5, 3.5, 7.0, 7.0).ratio > after(3.5, 3.5).ratio


def test_later_grids_count_more():
    assert after(3.5, 14.0).ratio > 1 > after(14.0, 3.5).ratio


def test_a_name_needs_three_grids_and_a_clear_majority():
    assert after("heun", "heun", name="sampler", was="euler") is None
    habit = after("heun", "heun", "euler", "heun", name="sampler", was="euler")
    assert habit.value == "heun"
    assert habit.sentence == "You usually take the sampler heun: in 3 of 4 grids."
    assert after("heun", "heun", "ddim", "ddim", name="sampler", was="euler") is None


def test_a_suggested_name_that_was_left_is_no_habit():
    assert after(*["euler"] * 9, name="sampler", was="euler") is None


def test_each_family_and_style_has_its_own():
    habits = Habits.fold([changed({"cfg": 7.0}, {"cfg": 5.0})] * 4)
    assert habits.of("sdxl", None) == habits.of("sd15", "photo") == {}


def test_only_the_last_grids_count():
    old = [changed({"cfg": 7.0}, {"cfg": 1.0})] * 50
    new = [changed({"cfg": 7.0}, {"cfg": 9.0})] * LAST
    assert Habits.fold(old + new).dump() == Habits.fold(new).dump()


def test_what_no_ratio_can_be_told_of_is_passed_over():
    assert after(0, was=7.0) is None
    assert after(7.0, was=0) is None


@given(st.lists(adjustments(), max_size=8))
def test_habits_survive_a_dump_exactly(history):
    habits = Habits.fold(history)
    again = Habits.load(habits.dump())
    assert again.dump() == habits.dump()
    for event in history:
        key = event.family, event.style
        assert again.of(*key) == habits.of(*key)
        assert all(0 <= habit.confidence < 1 for habit in habits.of(*key).values())


@given(st.lists(adjustments(), max_size=8))
def test_a_history_gives_the_same_habits_at_once_or_in_two_parts(history):
    half = len(history) // 2
    habits = Habits.load(Habits.fold(history[:half]).dump())
    for event in history[half:]:
        habits.add(event)
    assert habits.dump() == Habits.fold(history).dump()


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b'{"version":1,"changes":[{"family":"x"}]}', b"\xff"],
)
def test_what_is_no_dump_is_refused(data):
    with pytest.raises(InvalidInput, match="no saved habits"):
        Habits.load(data)


def test_a_dump_of_another_version_is_refused():
    with pytest.raises(InvalidInput, match="another version"):
        Habits.load(b'{"version":99,"changes":[]}')


def test_changed_parameters_teach_no_policy_and_are_no_preference():
    event = changed({"cfg": 7.0}, {"cfg": 5.0})
    assert lesson(event) is None
    totals = Statistics.fold([submitted("b1", [("epic", True)]), event]).totals()
    assert totals["total_preferences"] == 1
    assert totals["action_counts"]["adjusted"] == 1


def test_changed_parameters_are_exported_and_imported():
    history = [changed({"cfg": 7}, {"cfg": 5.0}), submitted("b1", [("epic", True)])]
    assert import_document(export_document(history)) == history


@pytest.mark.parametrize(
    ("forget", "left"),
    [
        (Forget(everything=True), None),
        (Forget(batch="b"), None),
        (Forget(since="2026-01-31"), None),
        (
            Forget(keyword="photo"),
            changed({"cfg": 7}, {"cfg": 5}, style=None, prompt="", keywords=("beach",)),
        ),
        (
            Forget(keyword="beach"),
            changed({"cfg": 7}, {"cfg": 5}, prompt="", keywords=("photo",)),
        ),
    ],
)
def test_changed_parameters_are_forgotten_with_what_they_tell_of(forget, left):
    assert redacted(changed({"cfg": 7}, {"cfg": 5}), forget) == left


def test_changed_parameters_tell_of_no_model_unless_their_prompt_does():
    event = changed({"cfg": 7}, {"cfg": 5})
    assert redacted(event, Forget(lora="grain")) is event
    told = changed({"cfg": 7}, {"cfg": 5}, prompt="with grain")
    left = redacted(told, Forget(lora="grain"))
    assert isinstance(left, ParametersChanged)
    assert left.prompt == ""
