from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import NOON, any_event, events, submitted
from vibes.errors import InvalidInput
from vibes.preferences import (
    Candidate,
    Forget,
    GridRejected,
    GridSubmitted,
    ImageActed,
    ImageRated,
    LoraUse,
    SuggestionChanged,
    event_from_dict,
)
from vibes.preferences.forgetting import Redactions, redacted

EPIC, TOON = Candidate("epic.safetensors"), Candidate("toon", (LoraUse("styles/Rain.pt", 0.7),))
GRID = submitted("b1", [("epic.safetensors", True), ("toon", True), ("toon", False)])
ABOUT = ("default", "s", "b1", "b1/0")


def changes(history, forget):
    looked = Redactions(forget)
    for sequence, event in enumerate(history, 1):
        looked.look_at(sequence, event)
    return looked.found()


def test_images_of_a_forgotten_checkpoint_leave_their_grid():
    left = redacted(GRID, Forget(checkpoint="epic.safetensors"))
    assert left == replace(GRID, images=GRID.images[1:])
    assert (left.id, left.batch) == (GRID.id, GRID.batch)


def test_images_with_a_forgotten_lora_leave_their_grid():
    rainy = replace(GRID.images[1], candidate=TOON)
    grid = replace(GRID, images=(*GRID.images, replace(rainy, image_id="b1/3")))
    assert redacted(grid, Forget(lora="styles/Rain.pt")) == GRID


def test_a_submitted_grid_that_loses_its_picks_goes_as_it_would_read_as_turned_down():
    grid = submitted("b1", [("epic", True), ("toon", False)])
    assert redacted(grid, Forget(checkpoint="epic")) is None
    rejected = submitted("b1", [("epic", False), ("toon", False)], kind=GridRejected)
    assert redacted(rejected, Forget(checkpoint="epic")).images == rejected.images[1:]


def test_a_grid_that_loses_all_images_goes():
    rejected = submitted("b1", [("epic", False)], kind=GridRejected)
    assert redacted(rejected, Forget(checkpoint="epic")) is None


def test_a_forgotten_model_is_told_of_nowhere_else_in_the_grid():
    told = {"toon": 0.5, "styles/Rain.pt": 0.25}
    first = replace(GRID.images[0], relevance=told, lora_propensities=told, inert=tuple(told))
    grid = replace(GRID, images=(first,), prompt="<lora:rain:1> sea", feedback="more rain")
    left = redacted(grid, Forget(lora="styles/Rain.pt"))
    assert "rain" not in json.dumps(left.to_dict()).casefold()
    assert left.images[0].relevance == {"toon": 0.5}


def test_a_forgotten_keyword_leaves_keywords_and_the_texts_that_tell_it():
    grid = replace(
        GRID,
        keywords=("misty forest", "forest", "deforestation", "beach"),
        prompt="(misty:1.2) Forests at a beach",
        feedback="Too much FOREST",
    )
    left = redacted(grid, Forget(keyword="forest"))
    assert left == replace(grid, keywords=("deforestation", "beach"), prompt="", feedback=None)


def test_texts_that_do_not_tell_the_keyword_stay():
    grid = replace(GRID, keywords=("beach",), prompt="a beach", feedback="more forest")
    left = redacted(grid, Forget(keyword="forest"))
    assert (left.prompt, left.feedback) == ("a beach", None)
    assert redacted(GRID, Forget(keyword="forest")) is GRID


RATED = ImageRated(
    "e",
    NOON,
    *ABOUT,
    4,
    flaws=("rain on lens",),
    tags=("rainy", "blue"),
    comment="Rain!",
    candidate=EPIC,
    keywords=("rain", "sea"),
)
SAVED = ImageActed("e", NOON, *ABOUT, "saved", candidate=TOON, keywords=("sea",))
CHANGED = SuggestionChanged(
    "e", NOON, "default", "s", "b1", 0, "rain at sea", ("rain", "sea"), EPIC, TOON, "taste"
)


def test_ratings_and_changes_lose_what_tells_of_the_keyword():
    forget = Forget(keyword="rain")
    left = replace(RATED, flaws=(), tags=("blue",), comment=None, keywords=("sea",))
    assert redacted(RATED, forget) == left
    assert redacted(CHANGED, forget) == replace(CHANGED, prompt="", keywords=("sea",))
    assert redacted(SAVED, forget) is SAVED


def test_events_about_images_of_a_forgotten_model_go():
    rain, epic = Forget(lora="styles/Rain.pt"), Forget(checkpoint="epic.safetensors")
    assert redacted(SAVED, rain) is None
    assert redacted(CHANGED, rain) is None
    assert redacted(RATED, epic) is None
    assert redacted(CHANGED, epic) is None
    assert redacted(SAVED, epic) is SAVED
    assert redacted(RATED, rain) == replace(RATED, flaws=(), tags=("blue",), comment=None)


@pytest.mark.parametrize(
    ("fields", "is_gone"),
    [
        ({"since": "2026-01-31"}, True),
        ({"until": "2026-01-31"}, True),
        ({"since": "2026-01-31T12:00:00Z"}, True),
        ({"until": "2026-01-31T12:00:00Z"}, False),
        ({"since": "2026-02-01"}, False),
        ({"until": "2026-01-30"}, False),
        ({"since": "2026-01-31T13:30:00.5+01:00"}, False),
        ({"since": "2026-01-31T12:59:59+01:00", "until": "2026-02-01"}, True),
        ({"batch": "b1"}, True),
        ({"batch": "b2"}, False),
        ({"everything": True}, True),
    ],
)
def test_a_period_a_batch_and_everything_take_whole_events(fields, is_gone):
    for event in (GRID, RATED):
        left = redacted(event, Forget(**fields))
        assert left is (None if is_gone else event)


def test_a_time_without_a_zone_is_in_utc():
    event = replace(GRID, time="2026-01-31T12:00:00")
    assert redacted(event, Forget(since="2026-01-31T12:00:00Z")) is None


def test_what_was_taken_back_does_not_return_when_the_last_word_is_forgotten():
    first = submitted("b1", [("toon", True), ("epic", False)], event_id="first")
    other = submitted("b2", [("toon", True)])
    last = submitted("b1", [("toon", False), ("epic", True)], event_id="last")
    assert changes([first, other, last], Forget(checkpoint="epic")) == [(1, None), (3, None)]


def test_a_forgotten_first_word_leaves_the_last():
    first = submitted("b1", [("toon", False), ("epic", True)], event_id="first")
    last = submitted("b1", [("toon", True), ("epic", False)], event_id="last")
    (one, gone), (two, left) = changes([first, last], Forget(checkpoint="epic"))
    assert (one, gone, two) == (1, None, 2)
    assert left.images == last.images[:1]


@given(
    events,
    st.sampled_from(
        [
            Forget(keyword="beach"),
            Forget(checkpoint="epic.safetensors"),
            Forget(lora="beach_sunset"),
        ]
    ),
)
def test_what_is_left_is_an_event_that_tells_nothing_of_it(history, forget):
    for _, left in changes(history, forget):
        if left is None:
            continue
        assert event_from_dict(left.to_dict()) == left
        if forget.kind == "keyword":
            assert "beach" not in left.keywords
        else:
            assert forget.what not in json.dumps(left.to_dict())


@given(any_event)
def test_forgetting_twice_forgets_no_more(event):
    for forget in (Forget(keyword="beach"), Forget(checkpoint="toon"), Forget(lora="anime:2")):
        left = redacted(event, forget)
        assert left is None or redacted(left, forget) is left


@given(events)
def test_nothing_else_changes(history):
    assert changes(history, Forget(lora="never seen")) == []
    assert changes(history, Forget(batch="no such batch")) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Say one thing to forget"),
        ({"keyword": "  "}, "Say one thing to forget"),
        ({"checkpoint": "epic", "lora": "rain"}, "Say one thing to forget"),
        ({"everything": True, "since": "2026-01-01"}, "Say one thing to forget"),
        ({"since": "noon"}, "since is 'noon'; expected a day or time as in ISO 8601."),
        ({"until": "2026-13-01"}, "until is '2026-13-01'; expected a day or time"),
        ({"since": "2026-02-01", "until": "2026-01-31"}, "No time is from 2026-02-01 until"),
    ],
)
def test_one_thing_is_forgotten_at_a_time(fields, told):
    with pytest.raises(InvalidInput, match=told):
        Forget(**fields)


def test_only_the_name_of_a_keyword_is_not_noted():
    assert Forget(keyword="beach").what is None
    assert Forget(checkpoint="epic").what == "epic"
    assert Forget(since="2026-01-01").what == "2026-01-01/"


def test_time_has_two_ends():
    ages = Forget(since="0001-01-01T00:00:00+23:00", until="9999-12-31")
    for time in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:58-14:00", NOON):
        assert redacted(replace(GRID, time=time), ages) is None


def test_one_day_can_be_forgotten():
    one_day = Forget(since="2026-01-31", until="2026-01-31")
    assert redacted(GRID, one_day) is None
    assert isinstance(redacted(replace(GRID, time="2026-02-01T00:00:00Z"), one_day), GridSubmitted)
