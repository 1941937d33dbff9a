"""What a policy learns from an event, of whatever kind: the outcome of a choice, or nothing."""

from __future__ import annotations

from .events import Event, ImageActed, ImageRated, ParametersChanged, SuggestionChanged
from .outcomes import outcome_among, outcome_of
from .policy import GridOutcome

NEUTRAL = 3  # of 1 to 5: says nothing
PER_POINT = 0.25  # weight of a rating, for each point away from neutral
DEED = 0.5  # weight of keeping an image, or of replacing a suggestion: one choice, but a clear one
KEPT = ("saved", "shared")


def lesson(event: Event) -> GridOutcome | None:
    """What is to be learned from the event alone; None where it teaches nothing.

    A rating and a deed are about one image: it is chosen, or it is not, against choosing none.
    """
    if isinstance(event, ImageRated):
        return _of_rating(event)
    if isinstance(event, ImageActed):
        return _of_deed(event)
    if isinstance(event, SuggestionChanged):
        return _of_change(event)
    if isinstance(event, ParametersChanged):  # no policy chooses parameters
        return None
    return outcome_of(event)


def _of_rating(event: ImageRated) -> GridOutcome | None:
    taste = event.aesthetics
    if taste is None and not event.flaws:  # a flaw is the picture's, not its models'
        taste = event.overall
    if event.candidate is None or taste is None or taste == NEUTRAL:
        return None
    picked = frozenset({0} if taste > NEUTRAL else ())
    return outcome_among(event, (event.candidate,), picked, PER_POINT * abs(taste - NEUTRAL))


def _of_deed(event: ImageActed) -> GridOutcome | None:
    if event.candidate is None or event.action not in KEPT:
        return None
    return outcome_among(event, (event.candidate,), frozenset({0}), DEED)


def _of_change(event: SuggestionChanged) -> GridOutcome | None:
    if event.suggested == event.chosen:
        return None
    return outcome_among(event, (event.suggested, event.chosen), frozenset({1}), DEED)
