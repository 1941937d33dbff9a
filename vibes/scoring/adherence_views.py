"""Adherence from several views of the same pictures: by other models, or of parts of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from vibes.errors import InvalidInput

from .adherence import MAX_MARGIN, Adherence, Look, RequirementScore, graded, share
from .calibration import Calibrations


def merged(
    views: Sequence[Sequence[Adherence | None]], calibrations: Calibrations | None = None
) -> list[Adherence]:
    """One adherence for each picture: of each requirement the best-justified score of all views.

    Every view lists the same pictures in the same order, with the same requirements; the first has
    them all, in others a picture that was not looked at is None. Whoever looks k times finds
    chance k times as often, so the odds of every view but the first are divided by the k views a
    picture had (Bonferroni's correction): a second look counts where it is clearly better. Where
    every view has a calibration the probabilities are compared, else the margins, which between
    models is the best one can do. What was taken keeps its method and its model; the corrected
    margin is what labels are to be kept with. Ranks are of the merged grid.

    Raises InvalidInput for views that are not of the same pictures and requirements.
    """
    whole = [_first(found) for found in zip(*_of_one_length(views), strict=True)]
    return graded(
        [Look(picture.raw, picture.model, picture.method) for picture in whole],
        [_best(found, calibrations) for found in zip(*views, strict=True)],
        calibrations,
    )


def _of_one_length(
    views: Sequence[Sequence[Adherence | None]],
) -> Sequence[Sequence[Adherence | None]]:
    if not views or len({len(view) for view in views}) > 1:
        raise InvalidInput("Views can be merged only where all are of the same pictures.")
    return views


def _first(found: Sequence[Adherence | None]) -> Adherence:
    first = found[0]
    if first is None:
        raise InvalidInput("The first view has to have looked at every picture.")
    wanted = [item.requirement for item in first.items]
    if any(view and [item.requirement for item in view.items] != wanted for view in found):
        raise InvalidInput("Views can be merged only where all have the same requirements.")
    return first


def _best(
    found: Sequence[Adherence | None], calibrations: Calibrations | None
) -> tuple[RequirementScore, ...]:
    looks = [view.items for view in found if view]
    cost = math.log(len(looks))
    return tuple(
        _best_of(
            [item if n == 0 else _corrected(item, cost) for n, item in enumerate(items)],
            calibrations,
        )
        for items in zip(*looks, strict=True)
    )


def _best_of(
    items: Sequence[RequirementScore], calibrations: Calibrations | None
) -> RequirementScore:
    found = [_percent(item, calibrations) for item in items]
    known = [percent for percent in found if percent is not None]
    if len(known) < len(items):
        best = max(range(len(items)), key=lambda n: items[n].margin)
    else:
        best = max(range(len(items)), key=lambda n: (known[n], items[n].margin))
    return replace(items[best], percent=found[best])


def _percent(item: RequirementScore, calibrations: Calibrations | None) -> float | None:
    if calibrations is None:
        return None
    return calibrations.percent(item.model, item.requirement.slot, item.margin)


def _corrected(item: RequirementScore, cost: float) -> RequirementScore:
    margin = max(item.margin - cost, -MAX_MARGIN)
    return replace(item, margin=margin, p=share(margin))
