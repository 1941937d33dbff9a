"""What the user decided instead of what was suggested, as events: it teaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args
from uuid import uuid4

from vibes.preferences import ParametersChanged, SuggestionChanged
from vibes.preferences.events import ParameterName
from vibes.prompts import keywords
from vibes.recipes import Candidate
from vibes.stages import Grid, Session

from .approving import Change
from .planning import Plan

Decision = SuggestionChanged | ParametersChanged


def decisions(
    plan: Plan, changes: Sequence[Change], grid: Grid, session: Session, *, reviewed: bool
) -> list[Decision]:
    """The events of a grid's start; ``reviewed`` where the user went through what was suggested.

    Parameters are told where they were reviewed, or where the user set one by hand.
    """
    events: list[Decision] = [_model_event(change, grid, session) for change in changes]
    if grid.images and (reviewed or plan.tuning.decided):
        events += _parameter_event(plan, grid, session, reviewed=reviewed)
    return events


def _model_event(change: Change, grid: Grid, session: Session) -> SuggestionChanged:
    by = next((i.choice for i in grid.images if i.choice and i.choice.policy), None)
    return SuggestionChanged(
        **_about(grid, session),
        suggested=change.suggested,
        chosen=change.chosen,
        policy=by.policy if by else "",
        policy_version=by.version if by else 0,
    )


def _parameter_event(
    plan: Plan, grid: Grid, session: Session, *, reviewed: bool
) -> list[ParametersChanged]:
    """About the checkpoint most images have; nothing where what is set is what varies."""
    tuning = plan.tuning
    advice = tuning.advice(_usual(grid))
    names: list[ParameterName] = [
        name
        for name in get_args(ParameterName)
        if name not in advice.fixed and (reviewed or name in tuning.decided)
    ]
    if not names:
        return []
    suggested = {name: getattr(advice.baseline, name) for name in names}
    chosen = {name: getattr(advice.parameters, name) for name in names}
    return [
        ParametersChanged(
            **_about(grid, session),
            family=tuning.tier.family,
            style=tuning.analysis.style,
            suggested=suggested,
            chosen=chosen,
        )
    ]


def _usual(grid: Grid) -> Candidate:
    return Counter(image.recipe.candidate for image in grid.images).most_common(1)[0][0]


def _about(grid: Grid, session: Session) -> dict[str, Any]:
    return {
        "id": uuid4().hex,
        "time": grid.created,
        "profile": session.profile,
        "session": session.id,
        "batch": grid.id,
        "stage": grid.stage,
        "prompt": grid.brief.prompt,
        "keywords": keywords(grid.brief.prompt),
    }
