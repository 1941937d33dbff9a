"""Percentages as of now, for an adherence that was found before there were as many labels."""

from __future__ import annotations

from dataclasses import replace

from .adherence import Adherence, RequirementScore
from .calibration import Calibrations


def recalibrated(adherence: Adherence, calibrations: Calibrations) -> Adherence:
    """The same with the percentages of these calibrations, None where nothing was fitted.

    The picture's own is the mean of its requirements', if every one of them has one.
    """
    items = tuple(_item(item, adherence.model, calibrations) for item in adherence.items)
    known = [item.percent for item in items if item.percent is not None]
    if not items or len(known) < len(items):
        return replace(adherence, items=items, percent=None, calibration=None)
    percent = sum(known) / len(known)
    return replace(adherence, items=items, percent=percent, calibration=calibrations.id)


def _item(item: RequirementScore, model: str, calibrations: Calibrations) -> RequirementScore:
    slot = item.requirement.slot
    return replace(item, percent=calibrations.percent(item.model or model, slot, item.margin))
