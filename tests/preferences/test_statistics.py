from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import NOON, events, submitted
from vibes.errors import Conflict, InvalidInput
from vibes.preferences import (
    TYPES,
    GridRejected,
    ImageActed,
    ImageRated,
    Statistics,
    latest_outcomes,
)

GRID = submitted(
    "b1",
    [("epic", True), ("epic", True), ("epic", False), ("toon", False)],
    keywords=("beach", "sunset"),
    loras=("grain",),
)


def row(statistics, kind, key):
    [found] = [row for row in statistics.rows(kind) if row.key == key]
    return found


def same(one, two):
    return one.totals() == two.totals() and all(one.rows(kind) == two.rows(kind) for kind in TYPES)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("checkpoint", "epic"),
        ("keyword_checkpoint", "beach:epic"),
        ("keyword_checkpoint", "sunset:epic"),
        ("checkpoint_lora", "epic:grain"),
        ("keyword_checkpoint_lora", "beach:epic:grain"),
    ],
)
def test_every_pairing_counts_what_was_picked_of_what_was_shown(kind, key):
    found = row(Statistics.fold([GRID]), kind, key)
    assert (found.selected, found.total, found.grids) == (2, 3, 1)
    assert found.selection_rate == pytest.approx(2 / 3)
    assert found.confidence == pytest.approx(3 / 20)
    assert found.interval[0] < 2 / 3 < found.interval[1]
    assert ":".join(found.parts) == key


def test_loras_are_counted_over_all_checkpoints():
    found = row(Statistics.fold([GRID]), "keyword_lora", "beach:grain")
    assert (found.selected, found.total) == (2, 4)


def test_a_rejected_grid_counts_as_shown_and_never_picked():
    rejected = submitted("b2", [("epic", False), ("toon", False)], kind=GridRejected)
    found = row(Statistics.fold([rejected]), "checkpoint", "toon")
    assert (found.selected, found.total) == (0, 1)


def test_the_best_known_comes_first_not_the_luckiest():
    statistics = Statistics.fold(
        [
            submitted("b1", [("once", True)]),
            submitted("b2", [("often", i < 18) for i in range(20)]),
        ]
    )
    assert [found.key for found in statistics.rows("checkpoint")] == ["often", "once"]


@given(events, events, st.integers(0, 5))
def test_a_limit_leaves_the_best_rows_whatever_is_added(history, more, limit):
    statistics = Statistics.fold(history)
    for event in [None, *more]:
        if event is not None and not statistics.supersedes(event):
            statistics.add(event)
        for kind in TYPES:
            assert statistics.rows(kind, limit) == statistics.rows(kind)[:limit]


def test_the_strongest_keyword_is_the_one_with_most_images():
    statistics = Statistics.fold([GRID, submitted("b2", [("epic", False)], keywords=("sunset",))])
    found = statistics.strongest("keyword_checkpoint", ("beach", "sunset"), "epic")
    assert (found.key, found.selected, found.total) == ("sunset:epic", 2, 4)
    assert statistics.strongest("keyword_checkpoint", ("city",), "epic") is None
    assert statistics.strongest("keyword_checkpoint", (), "epic") is None


def test_a_later_submission_of_a_grid_replaces_the_earlier():
    again = submitted("b1", [("epic", False), ("toon", True)], event_id="later")
    assert same(Statistics.fold([GRID, again]), Statistics.fold([again]))


def test_an_event_added_twice_asks_for_a_new_fold():
    statistics = Statistics.fold([GRID])
    assert statistics.supersedes(GRID)
    with pytest.raises(Conflict, match="fold the events again"):
        statistics.add(GRID)
    assert same(statistics, Statistics.fold([GRID]))


@given(events)
def test_adding_event_by_event_gives_what_folding_gives(history):
    statistics = Statistics()
    for i, event in enumerate(history):
        if statistics.supersedes(event):
            statistics = Statistics.fold(history[: i + 1])
        else:
            statistics.add(event)
    assert same(statistics, Statistics.fold(history))


@given(events)
def test_every_image_of_a_latest_outcome_is_one_preference(history):
    totals = Statistics.fold(history).totals()
    images = [image for grid in latest_outcomes(history) for image in grid.images]
    counts = totals["action_counts"]
    assert totals["total_preferences"] == len(images)
    assert counts["selected"] == sum(image.picked for image in images)
    assert counts["selected"] + counts["rejected"] == len(images)


def test_ratings_and_actions_are_counted_but_are_no_preferences():
    about = ("default", "s", "b1", "b1/0")
    other = ("default", "s", "b1", "b1/1")
    totals = Statistics.fold(
        [
            ImageActed("e1", NOON, *about, "saved"),
            ImageActed("e2", NOON, *about, "saved"),
            ImageRated("e3", NOON, *about, 5),
            ImageRated("e4", NOON, *other, 2),
        ]
    ).totals()
    assert totals["total_preferences"] == 0
    assert totals["action_counts"] == {"selected": 0, "rejected": 0, "saved": 2, "rated": 2}


def test_an_image_rated_again_counts_once():
    about = ("default", "s", "b1", "b1/0")
    twice = [ImageRated("e1", NOON, *about, 5), ImageRated("e2", NOON, *about, 2)]
    assert Statistics.fold(twice).totals()["action_counts"]["rated"] == 1


def test_an_unknown_type_of_statistics_is_refused():
    with pytest.raises(InvalidInput, match="'colour' is no type of statistics"):
        Statistics().rows("colour")


@given(events, events)
def test_a_copy_goes_its_own_way(history, more):
    statistics = Statistics.fold(history)
    twin = statistics.copy()
    assert same(twin, statistics)
    for event in more:
        if not twin.supersedes(event):
            twin.add(event)
    assert same(statistics, Statistics.fold(history))
