from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.samples import STAGES, make_grid
from vibes.errors import Conflict, ForeignImage, InvalidInput
from vibes.stages import check_iteration, rejected, shown, submitted, with_selection

picks = st.frozensets(st.integers(0, 19))


@given(picks)
def test_submitting_splits_the_shown_images_into_picks_and_rejections(picked):
    left = submitted(make_grid(picked=tuple(picked)))
    assert {image.index for image in left.selected} == picked
    assert sum(image.selection == "rejected" for image in left.images) == 20 - len(picked)
    assert left.outcome == "submitted"


@given(picks)
def test_submitting_twice_changes_nothing_more(picked):
    once = submitted(make_grid(picked=tuple(picked)))
    assert submitted(once) == once


@given(picks)
def test_rejecting_everything_leaves_no_pick(picked):
    left = rejected(make_grid(picked=tuple(picked)))
    assert not left.selected
    assert {image.selection for image in left.images} == {"rejected"}


def test_unmade_images_are_cancelled_and_failed_ones_stay_failed_when_a_grid_is_left():
    left = submitted(make_grid(4, picked=(0,), states={1: "planned", 2: "failed", 3: "submitted"}))
    assert [image.state for image in left.images] == [
        "collected",
        "cancelled",
        "failed",
        "cancelled",
    ]
    assert [image.selection for image in left.images] == ["selected", "none", "none", "none"]
    assert [image.index for image in shown(left)] == [0]


def test_a_given_selection_replaces_the_stored_one():
    grid = with_selection(make_grid(picked=(1, 2)), ["grid-3"])
    assert [image.id for image in grid.selected] == ["grid-3"]


def test_leaving_the_selection_out_means_the_stored_one():
    grid = make_grid(picked=(1, 2))
    assert with_selection(grid, None) is grid


def test_an_image_of_another_grid_cannot_be_selected():
    with pytest.raises(ForeignImage, match="'elsewhere-1', which is not in batch 'grid'"):
        with_selection(make_grid(), ["grid-0", "elsewhere-1"])


@pytest.mark.parametrize("action", ["advance", "refine", "more_like_this"])
def test_nothing_follows_from_a_grid_without_picks(action):
    with pytest.raises(InvalidInput, match="Pick at least one"):
        check_iteration(make_grid(), action, STAGES)


def test_more_picks_than_the_next_stage_holds_are_refused_with_how_many_to_unpick():
    with pytest.raises(InvalidInput, match=r"9 images are picked.*holds 8.*Unpick 1"):
        check_iteration(make_grid(picked=tuple(range(9))), "advance", STAGES)


def test_the_last_stage_cannot_be_advanced_but_refined():
    last = make_grid(1, picked=(0,), stage=3)
    with pytest.raises(Conflict, match="'Final' is the last stage"):
        check_iteration(last, "advance", STAGES)
    check_iteration(last, "refine", STAGES)


def test_a_pick_in_the_bin_is_refused():
    grid = make_grid(4, picked=(1,))
    images = tuple(replace(image, binned="now") for image in grid.images)
    with pytest.raises(Conflict, match="image 2 is in the bin"):
        check_iteration(replace(grid, images=images), "refine", STAGES)


def test_a_pick_without_a_picture_is_refused():
    with pytest.raises(Conflict, match="image 3 has no picture yet"):
        check_iteration(make_grid(picked=(2,), states={2: "submitted"}), "advance", STAGES)


def test_a_grid_of_a_stage_no_longer_configured_is_refused_with_what_to_do():
    with pytest.raises(Conflict, match="only 2 are configured"):
        check_iteration(make_grid(picked=(0,), stage=2), "refine", STAGES[:2])


@pytest.mark.parametrize(
    ("states", "paused", "expected"),
    [
        ({}, False, "done"),
        ({0: "planned", 1: "planned", 2: "planned"}, False, "queued"),
        ({0: "planned"}, False, "running"),
        ({0: "submitted"}, False, "running"),
        ({0: "submitted"}, True, "paused"),
        ({0: "failed"}, False, "failed"),
        ({0: "failed", 1: "planned"}, False, "running"),
        ({0: "cancelled"}, False, "cancelled"),
    ],
)
def test_the_state_of_a_grid_follows_from_its_images(states, paused, expected):
    from dataclasses import replace

    assert replace(make_grid(3, states=states), paused=paused).state == expected
