"""The chronicle: what dashboards ask of the past beside the statistics."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from tests.preferences.samples import NOON, events, submitted
from vibes.preferences import GridRejected, ImageRated, LoraUse, without_superseded
from vibes.preferences.chronicle import LATELY, Chronicle
from vibes.preferences.trials import Trial, trial


def told(*history):
    chronicle = Chronicle()
    for event in history:
        chronicle.add(event)
    return chronicle


def rated(image: str, overall: int, number: int = 0) -> ImageRated:
    return ImageRated(f"r{number}", NOON, "default", "s", "b", image, overall)


def with_probes(batch: str, *, picked_probe: bool, stage: int = 0):
    grid = submitted(batch, [("epic", True), ("toon", False), ("toon", picked_probe)])
    *chosen, last = grid.images
    return replace(grid, stage=stage, images=(*chosen, replace(last, probe=True)))


def test_only_the_last_grids_are_kept_and_in_their_order():
    history = [submitted(f"b{number}", [("epic", True)]) for number in range(LATELY + 3)]
    kept = [event.batch for event in told(*history).last]
    assert kept == [f"b{number}" for number in range(3, LATELY + 3)]


def test_loras_are_counted_together_in_either_order():
    both = submitted("b1", [("epic", True), ("toon", False)], loras=("ink", "film"))
    chronicle = told(both, submitted("b2", [("epic", True)], loras=("ink",)))
    count = chronicle.pair("film", "ink")
    assert (count.selected, count.total, count.grids) == (1, 2, 1)
    assert chronicle.pair("ink", "film") is count
    assert chronicle.pair("ink", "none").total == 0


def test_a_lora_that_changed_nothing_is_not_counted_as_a_partner():
    grid = submitted("b1", [("epic", True)], loras=("ink", "film"))
    images = tuple(replace(image, inert=("film",)) for image in grid.images)
    assert told(replace(grid, images=images)).pair("film", "ink").total == 0


def test_a_trial_counts_what_the_policy_chose_beside_what_was_drawn():
    assert trial(with_probes("b1", picked_probe=True)) == Trial(2, 1, 1, 1)


def test_later_stages_and_grids_without_probes_or_choices_are_no_trials():
    assert trial(with_probes("b1", picked_probe=True, stage=1)) is None
    assert trial(submitted("b2", [("epic", True)])) is None
    grid = with_probes("b3", picked_probe=False)
    decided = tuple(replace(image, decided=("checkpoint",)) for image in grid.images[:2])
    assert trial(replace(grid, images=(*decided, grid.images[2]))) is None


def test_a_grid_rejected_as_a_whole_is_a_trial_too():
    grid = submitted("b1", [("epic", False), ("toon", False)], kind=GridRejected)
    images = (grid.images[0], replace(grid.images[1], probe=True))
    assert told(replace(grid, images=images)).trials == [Trial(1, 0, 1, 0)]


def test_the_last_rating_of_an_image_counts():
    chronicle = told(rated("one", 2), rated("one", 5, 1), rated("two", 1, 2))
    assert chronicle.rating("one").overall == 5
    assert chronicle.rating("three") is None


@given(events)
def test_pairs_are_never_picked_more_often_than_shown(history):
    chronicle = told(*without_superseded(history))
    for event in chronicle.last:
        for image in event.images:
            names = [use.name for use in image.candidate.loras]
            for name in names[1:]:
                count = chronicle.pair(names[0], name)
                assert 0 <= count.selected <= count.total
                assert 0 <= count.grids <= count.total


def test_uses_of_one_lora_are_no_pair():
    grid = submitted("b1", [("epic", True)])
    twice = replace(grid.images[0].candidate, loras=(LoraUse("ink", 0.2), LoraUse("ink", 0.3)))
    assert (
        told(replace(grid, images=(replace(grid.images[0], candidate=twice),)))
        .pair("ink", "ink")
        .total
        == 0
    )
