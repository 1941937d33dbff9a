"""Verdicts: by thresholds that can be set, and none without a calibration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.scoring.adherence import Adherence
from vibes.scoring.verdicts import RunSummary, flagged, summary, tag
from vibes.settings import Thresholds

from .grids import PATIENT

PICTURE = Adherence(0.5, 0.2, None, 1, 1, (), "m", None)


def run(*percents: float | None) -> list[Adherence]:
    return [replace(PICTURE, percent=percent) for percent in percents]


@pytest.mark.parametrize(
    ("percent", "said", "looked_at"),
    [
        (100.0, "success", False),
        (80.0, "success", False),
        (79.9, "partial", False),
        (70.0, "partial", False),
        (69.9, "partial", True),
        (50.0, "partial", True),
        (49.9, "failed", True),
        (None, None, None),
    ],
)
def test_a_picture_is_tagged_and_flagged_by_its_percentage(percent, said, looked_at):
    assert tag(percent) == said
    assert flagged(percent) is looked_at


def test_thresholds_can_be_set():
    strict = Thresholds(success=95, partial=90, flag=99, session=100)
    assert (tag(92, strict), tag(80, strict), flagged(98, strict)) == ("partial", "failed", True)


def test_a_run_is_complete_from_its_average_on():
    assert summary(run(90.0, 60.0)) == RunSummary(2, 75.0, 1, True, "calibrated")
    assert summary(run(90.0, 59.0)).complete is False


def test_a_run_with_a_picture_that_is_not_calibrated_is_relative():
    nothing = (None, None, None, "relative")
    assert summary(run(90.0, None)) == RunSummary(2, *nothing)
    assert summary([]) == RunSummary(0, *nothing)


@PATIENT
@given(st.lists(st.floats(0, 100), min_size=1))
def test_an_average_lies_between_the_worst_and_the_best(percents: list[float]):
    found = summary(run(*percents))
    assert found.average is not None
    assert min(percents) - 1e-9 <= found.average <= max(percents) + 1e-9
    assert found.flagged == sum(percent < 70 for percent in percents)
