from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from tests.preferences.samples import NOON, any_event, events, submitted
from vibes.errors import InvalidInput
from vibes.preferences import (
    Candidate,
    GridRejected,
    ImageActed,
    ImageRated,
    LoraUse,
    ParametersChanged,
    SuggestionChanged,
    event_from_dict,
    latest_outcomes,
    outcome_of,
    without_superseded,
)
from vibes.preferences.outcomes import last_word_on

GRID = submitted("b1", [("epic", True), ("toon", False)], loras=("grain",))


@given(any_event)
def test_an_event_survives_json_exactly(event):
    assert event_from_dict(json.loads(json.dumps(event.to_dict()))) == event


@given(events)
def test_each_batch_keeps_its_last_outcome_in_append_order(history):
    latest = latest_outcomes(history)
    batches = [grid.batch for grid in latest]
    assert len(set(batches)) == len(batches)
    places = [history.index(grid) for grid in latest]
    assert places == sorted(places)
    for grid, place in zip(latest, places, strict=True):
        assert grid.batch not in {later.batch for later in latest_outcomes(history[place + 1 :])}


def test_a_later_outcome_takes_the_earlier_ones_place_away():
    other = submitted("b2", [("epic", True)])
    again = submitted("b1", [("epic", False), ("toon", True)], event_id="later")
    assert latest_outcomes([GRID, other, again]) == [other, again]


@given(events)
def test_only_superseded_outcomes_and_ratings_leave_and_the_rest_keeps_its_order(history):
    left = without_superseded(history)
    places = [history.index(event) for event in left]
    assert places == sorted(places)
    for event in history:
        later = history[history.index(event) + 1 :]
        told = {last_word_on(other) for other in later} - {None}
        assert (event in left) == (last_word_on(event) not in told)


def test_the_last_rating_of_an_image_counts():
    about = ("default", "s", "b1", "b1/0")
    first, last = ImageRated("e1", NOON, *about, 5), ImageRated("e2", NOON, *about, 2)
    saved = ImageActed("e3", NOON, *about, "saved")
    assert without_superseded([first, saved, last, saved]) == [saved, last, saved]


def test_image_events_are_no_outcomes():
    saved = ImageActed("e", NOON, "default", "s", "b1", "b1/0", "saved")
    assert latest_outcomes([saved, GRID]) == [GRID]


def test_an_outcome_holds_what_was_shown_and_picked():
    outcome = outcome_of(GRID)
    assert outcome.keywords == ("beach",)
    assert outcome.candidates == tuple(
        Candidate(name, (LoraUse("grain", 0.7),)) for name in ("epic", "toon")
    )
    assert outcome.picked == {0}


def test_a_lora_loaded_twice_counts_once_at_the_sum_of_its_strengths():
    twice = submitted("b1", [("epic", True)], loras=("grain", "grain"))
    assert outcome_of(twice).candidates[0].loras == (LoraUse("grain", 1.4),)


def test_a_lora_that_changed_nothing_is_not_in_the_outcome():
    first, second = GRID.images
    idle = replace(GRID, images=(replace(first, inert=("grain",)), second))
    assert [c.loras for c in outcome_of(idle).candidates] == [(), (LoraUse("grain", 0.7),)]


def test_what_was_known_of_the_models_shown_comes_together():
    first, second = GRID.images
    told = replace(first, relevance={"epic": 0.5}), replace(second, relevance={"grain": 0.25})
    assert outcome_of(replace(GRID, images=told)).relevance == {"epic": 0.5, "grain": 0.25}


def changed(path, value):
    data = json.loads(json.dumps(GRID.to_dict()))
    *parents, last = path
    part = data
    for key in parents:
        part = part[key]
    part[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["type"], "GridLiked", "event is no event; expected an object whose type is one of"),
        (["id"], "", r"event\.id is ''; expected some text\."),
        (["time"], "noon", r"event\.time is 'noon'; expected a time as in ISO 8601\."),
        (["stage"], -1, r"event\.stage is -1; expected greater than or equal to 0\."),
        (["stage"], 10**400, r"event\.stage is a very large number"),
        (["images"], [], r"event\.images is a list; expected at least one entry\."),
        (["images", 1, "picked"], "yes", r"event\.images\[1\]\.picked is 'yes'; expected a valid"),
        (
            ["images", 0, "candidate", "loras", 0, "strength"],
            float("nan"),
            r"event\.images\[0\]\.candidate\.loras\[0\]\.strength is nan; expected a finite number",
        ),
        (["images", 0, "candidate", "checkpoint"], "", "position 0 names no checkpoint"),
        (["images", 0, "scores"], {"clip": [[[]]]}, r"scores\.clip is a list"),
        (["images", 0, "checkpoint_propensity"], 1.5, "less than or equal to 1"),
        (["keywords"], [""], r"event\.keywords\[0\]"),
    ],
)
def test_a_foreign_event_is_refused_with_the_place(path, value, message):
    with pytest.raises(InvalidInput, match=message):
        event_from_dict(changed(path, value))


@pytest.mark.parametrize("data", [None, 3, "x", [], {}, {"type": []}, {1: 2}])
def test_what_is_no_event_at_all_is_refused(data):
    with pytest.raises(InvalidInput):
        event_from_dict(data)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            ImageRated("e", NOON, "default", "s", "b", "i", 5, candidate=Candidate("")),
            "position 0 names no checkpoint",
        ),
        (
            SuggestionChanged(
                "e", NOON, "default", "s", "b", 0, "", (), Candidate("epic"), Candidate(""), ""
            ),
            "position 1 names no checkpoint",
        ),
    ],
)
def test_an_image_no_checkpoint_made_is_refused(event, message):
    with pytest.raises(InvalidInput, match=message):
        event_from_dict(event.to_dict())


ADJUSTED = ParametersChanged(
    *("e", NOON, "default", "s", "b", 0, "a beach", ("beach",), "sdxl", None),
    {"steps": 30, "sampler": "euler"},
    {"steps": 25, "sampler": "heun"},
)


def test_whole_and_broken_numbers_stay_what_they_were():
    event = replace(ADJUSTED, suggested={"cfg": 7}, chosen={"cfg": 7.0})
    again = event_from_dict(json.loads(json.dumps(event.to_dict())))
    assert isinstance(again, ParametersChanged)
    assert (type(again.suggested["cfg"]), type(again.chosen["cfg"])) == (int, float)


@pytest.mark.parametrize(
    ("suggested", "chosen", "message"),
    [
        ({"steps": 30}, {"cfg": 5}, "event has other parameters in chosen than in suggested"),
        ({"steps": 30}, {"steps": "30"}, r"event\.chosen\.steps is a number or a name, unlike"),
        ({"seed": 1}, {"seed": 2}, r"event\.suggested\.seed"),
        ({"steps": True}, {"steps": True}, r"event\.suggested\.steps"),
        ({"cfg": -1}, {"cfg": 1}, r"event\.suggested\.cfg"),
        ({"cfg": float("nan")}, {"cfg": 1}, r"event\.suggested\.cfg"),
        ({"sampler": ""}, {"sampler": "x"}, r"event\.suggested\.sampler"),
    ],
)
def test_parameters_no_user_can_have_changed_are_refused(suggested, chosen, message):
    data = {**ADJUSTED.to_dict(), "suggested": suggested, "chosen": chosen}
    with pytest.raises(InvalidInput, match=message):
        event_from_dict(data)


def test_events_of_the_first_version_are_read_as_before():
    old = GRID.to_dict()
    del old["policy_version"]
    for image in old["images"]:
        for name in ("relevance", "probe", "decided", "inert"):
            del image[name]
    assert event_from_dict(old) == GRID
    rated = ImageRated("e", NOON, "default", "s", "b", "i", 5).to_dict()
    for name in ("keywords", "candidate", "stage"):
        del rated[name]
    assert event_from_dict(rated).candidate is None


def test_a_missing_field_is_named():
    data = GRID.to_dict()
    del data["batch"]
    with pytest.raises(InvalidInput, match=r"event\.batch is missing\."):
        event_from_dict(data)


def test_a_rejected_grid_cannot_have_picks():
    data = {**GRID.to_dict(), "type": GridRejected.__name__}
    with pytest.raises(InvalidInput, match="rejects the whole grid"):
        event_from_dict(data)


@pytest.mark.parametrize(
    "time", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456+00:00", "2026-01-31T12:00:00.1Z"]
)
def test_times_are_read_as_other_programs_write_them(time):
    assert event_from_dict(changed(["time"], time)).time == time
