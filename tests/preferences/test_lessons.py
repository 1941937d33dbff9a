from __future__ import annotations

import pytest
from hypothesis import given

from tests.preferences.samples import NOON, any_event, submitted
from vibes.preferences import (
    Candidate,
    GridRejected,
    ImageActed,
    ImageRated,
    LoraUse,
    SuggestionChanged,
    lesson,
    outcome_of,
)

EPIC, TOON = Candidate("epic", (LoraUse("grain", 0.7),)), Candidate("toon")
ABOUT = ("default", "s", "b1", "b1/0")


def rated(overall, **fields):
    fields = {"candidate": EPIC, "keywords": ("beach",), "stage": 1, **fields}
    return ImageRated("e", NOON, *ABOUT, overall, **fields)


def acted(action, **fields):
    return ImageActed("e", NOON, *ABOUT, action, **{"candidate": EPIC, **fields})


@pytest.mark.parametrize("kind", [None, GridRejected])
def test_a_grid_teaches_what_became_of_it(kind):
    shown = [("epic", kind is None), ("toon", False)]
    grid = submitted("b1", shown, **({"kind": kind} if kind else {}))
    assert lesson(grid) == outcome_of(grid)


@pytest.mark.parametrize(
    ("overall", "picked", "weight"),
    [(5, {0}, 0.5), (4, {0}, 0.25), (2, set(), 0.25), (1, set(), 0.5)],
)
def test_a_rating_is_a_choice_for_or_against_the_image(overall, picked, weight):
    taught = lesson(rated(overall))
    assert (taught.candidates, taught.picked, taught.weight) == ((EPIC,), picked, weight)
    assert (taught.keywords, taught.stage) == (("beach",), 1)


def test_a_rating_in_the_middle_teaches_nothing():
    assert lesson(rated(3)) is None
    assert lesson(rated(5, aesthetics=3)) is None


def test_what_is_said_of_beauty_outweighs_what_is_said_of_the_whole():
    assert lesson(rated(1, aesthetics=5)).picked == {0}


def test_a_bad_hand_is_not_the_models_taste():
    assert lesson(rated(1, flaws=("hands",))) is None
    assert lesson(rated(1, flaws=("hands",), aesthetics=5)).picked == {0}


def test_what_is_kept_was_liked():
    for action in ("saved", "shared"):
        assert (lesson(acted(action)).picked, lesson(acted(action)).weight) == ({0}, 0.5)
    for action in ("regenerated", "flagged", "unflagged"):
        assert lesson(acted(action)) is None


def test_what_does_not_say_how_its_image_was_made_teaches_nothing():
    assert lesson(rated(5, candidate=None)) is None
    assert lesson(acted("saved", candidate=None)) is None


def change(suggested, chosen):
    return SuggestionChanged(
        "e", NOON, "default", "s", "b1", 0, "a beach", ("beach",), suggested, chosen, "taste", 1
    )


def test_what_the_user_put_in_place_of_a_suggestion_was_preferred_to_it():
    taught = lesson(change(EPIC, TOON))
    assert (taught.candidates, taught.picked, taught.weight) == ((EPIC, TOON), {1}, 0.5)
    assert taught.keywords == ("beach",)


def test_a_suggestion_left_as_it_was_teaches_nothing():
    assert lesson(change(EPIC, EPIC)) is None


@given(any_event)
def test_every_event_teaches_a_possible_outcome_or_nothing(event):
    taught = lesson(event)
    assert taught is None or 0 < taught.weight <= 1
