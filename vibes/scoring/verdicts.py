"""Verdicts on pictures and runs by their percentages; without a calibration there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vibes.settings import Thresholds

from .adherence import Adherence

Tag = Literal["success", "partial", "failed"]


DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the pictures of a run say together.

    ``average`` percent, ``flagged`` pictures and ``complete`` are None unless every picture is
    calibrated: the mean of some pictures is not the run's. ``basis`` says which it is.
    """

    pictures: int
    average: float | None
    flagged: int | None
    complete: bool | None
    basis: Literal["calibrated", "relative"]


def tag(percent: float | None, thresholds: Thresholds = DEFAULT) -> Tag | None:
    """Whether a picture of this percentage is a success; None where it has none."""
    if percent is None:
        return None
    if percent >= thresholds.success:
        return "success"
    return "partial" if percent >= thresholds.partial else "failed"


def flagged(percent: float | None, thresholds: Thresholds = DEFAULT) -> bool | None:
    """Whether a picture of this percentage wants a look; None where it has none."""
    return None if percent is None else percent < thresholds.flag


def summary(pictures: Sequence[Adherence], thresholds: Thresholds = DEFAULT) -> RunSummary:
    """The average match of a run, how many pictures are flagged, and whether it is complete."""
    percents = [picture.percent for picture in pictures if picture.percent is not None]
    if not pictures or len(percents) < len(pictures):
        return RunSummary(len(pictures), None, None, None, "relative")
    average = sum(percents) / len(percents)
    return RunSummary(
        pictures=len(pictures),
        average=average,
        flagged=sum(bool(flagged(percent, thresholds)) for percent in percents),
        complete=average >= thresholds.session,
        basis="calibrated",
    )
