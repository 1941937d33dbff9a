"""Percentages of an adherence follow the labels there are now."""

from __future__ import annotations

import pytest

from vibes.scoring.adherence import Adherence, RequirementScore
from vibes.scoring.calibration import ANY, Calibration, Calibrations
from vibes.scoring.recalibration import recalibrated
from vibes.scoring.requirements import Requirement

LEVEL = Calibration("platt", (0.0, 0.0), (), 20)
"""Whatever the margin, one in two."""


def item(slot: str, percent: float | None = None, model: str = "") -> RequirementScore:
    return RequirementScore(Requirement("x", slot, ()), 0.2, 0.5, 0.0, 1, "m", percent, model)


def adherence(*items: RequirementScore) -> Adherence:
    return Adherence(0.5, 0.2, None, 1, 1, items, "clip", None)


def test_a_slot_without_a_curve_has_that_of_all_and_the_picture_their_mean():
    steep = Calibration("platt", (1.0, 5.0), (), 20)
    known = Calibrations({("clip", ANY): LEVEL, ("clip", "colour"): steep})
    found = recalibrated(adherence(item("colour"), item("place")), known)
    assert [one.percent for one in found.items] == [pytest.approx(99.33, abs=0.01), 50]
    assert found.percent == pytest.approx(74.67, abs=0.01)
    assert found.calibration == known.id


def test_one_requirement_without_a_percentage_leaves_the_picture_without():
    known = Calibrations({("clip", "colour"): LEVEL})
    found = recalibrated(adherence(item("colour"), item("place")), known)
    assert [one.percent for one in found.items] == [50, None]
    assert (found.percent, found.calibration, found.calibrated) == (None, None, False)


def test_what_another_model_saw_is_calibrated_as_that_models():
    known = Calibrations({("other", ANY): LEVEL})
    found = recalibrated(adherence(item("colour", model="other")), known)
    assert found.percent == 50


def test_without_labels_percentages_are_gone():
    assert recalibrated(adherence(item("colour", 80.0)), Calibrations({})) == adherence(
        item("colour")
    )
    assert recalibrated(adherence(), Calibrations({("clip", ANY): LEVEL})).percent is None
