"""What became of a choice, as events tell it, and which event has the last word on it."""

from __future__ import annotations

from collections.abc import Iterable

from vibes.recipes import Candidate, LoraUse

from .events import (
    Event,
    GridEvent,
    GridRejected,
    GridSubmitted,
    ImageEvent,
    ImageRated,
    ShownImage,
    SuggestionChanged,
)
from .policy import GridOutcome


def outcome_of(event: GridEvent) -> GridOutcome:
    """What became of the grid; LoRAs that changed nothing are left out."""
    scores = tuple(image.scores for image in event.images)
    return GridOutcome(
        keywords=event.keywords,
        stage=event.stage,
        candidates=tuple(_active(image) for image in event.images),
        picked=frozenset(i for i, image in enumerate(event.images) if image.picked),
        features=scores if any(scores) else (),
        relevance=_relevance(event.images),
    )


def _relevance(images: Iterable[ShownImage]) -> dict[str, float]:
    """That of all models shown; images that disagree about one, as no pool does, give the most."""
    found: dict[str, float] = {}
    for image in images:
        for name, fit in image.relevance.items():
            if fit >= found.get(name, 0.0):
                found[name] = fit
    return found


def outcome_among(
    event: ImageEvent | SuggestionChanged,
    candidates: tuple[Candidate, ...],
    picked: frozenset[int],
    weight: float = 1.0,
) -> GridOutcome:
    """The outcome of a choice that was made outside a grid."""
    return GridOutcome(
        keywords=event.keywords,
        stage=event.stage,
        candidates=tuple(map(_merged, candidates)),
        picked=picked,
        weight=weight,
    )


def _active(image: ShownImage) -> Candidate:
    """The candidate without the LoRAs that changed nothing."""
    candidate = _merged(image.candidate)
    if not image.inert:
        return candidate
    loras = tuple(use for use in candidate.loras if use.name not in image.inert)
    return Candidate(candidate.checkpoint, loras)


def _merged(candidate: Candidate) -> Candidate:
    """A LoRA typed twice is loaded twice: the strengths add up."""
    strengths: dict[str, float] = {}
    for lora in candidate.loras:
        strengths[lora.name] = strengths.get(lora.name, 0.0) + lora.strength
    if len(strengths) == len(candidate.loras):
        return candidate
    loras = tuple(LoraUse(name, strength) for name, strength in strengths.items())
    return Candidate(candidate.checkpoint, loras)


def latest_outcomes(events: Iterable[Event]) -> list[GridEvent]:
    """Each batch's last outcome, in append order; what it superseded is gone."""
    latest: dict[str, GridEvent] = {}
    for event in events:
        if isinstance(event, GridSubmitted | GridRejected):
            latest.pop(event.batch, None)
            latest[event.batch] = event
    return list(latest.values())


def without_superseded(events: Iterable[Event]) -> list[Event]:
    """All events in append order, but only the last outcome of a batch and rating of an image."""
    events = list(events)
    last = {what: place for place, event in enumerate(events) if (what := last_word_on(event))}
    return [
        event
        for place, event in enumerate(events)
        if (what := last_word_on(event)) is None or last[what] == place
    ]


def last_word_on(event: Event) -> tuple[str, str] | None:
    """What the event has the last word on, until another comes; None where all such count."""
    if isinstance(event, GridSubmitted | GridRejected):
        return "outcome", event.batch
    return ("rating", event.image) if isinstance(event, ImageRated) else None
