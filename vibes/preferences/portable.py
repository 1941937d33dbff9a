"""Preferences as a portable JSON document: one entry per image's outcome.

Exporting and importing give back the events that count: the same statistics, the same policies
bit for bit, and ids that a second import recognises.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Strict, TypeAdapter, ValidationError

from vibes.errors import InvalidInput
from vibes.recipes import Candidate, LoraUse

from .choice import Part
from .event_json import event_from_dict
from .events import (
    Event,
    GridEvent,
    GridRejected,
    GridSubmitted,
    Name,
    Position,
    Probability,
    ShownImage,
    Time,
)
from .outcomes import outcome_of, without_superseded
from .refusal import refusal
from .statistics import Statistics
from .tally import TYPES

VERSION = "1.0"
STATS_PER_TYPE = 50  # the best; all pairings of a long history outweigh its preferences

# What all images of one grid have in common.
_SHARED = (
    *("profile", "session", "stage", "prompt", "keywords", "timestamp", "feedback", "event"),
    *("policy", "version", "order"),
)
_shared = attrgetter(*_SHARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Propensities:
    """How likely the image's models were chosen; None and nothing where that is not known."""

    checkpoint: Probability | None = None
    loras: dict[str, Probability] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preference:
    """One entry of the document; the defaults are for documents others wrote."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(allow_inf_nan=False)

    id: Name  # of the image
    prompt: str
    keywords: tuple[Name, ...]
    checkpoint: Name
    loras: tuple[LoraUse, ...] = ()
    action: Literal["selected", "rejected"]
    explicit: Annotated[bool, Strict()] = False  # the whole grid was rejected by the user
    stage: Position = 0
    timestamp: Time
    session: str = ""
    batch: Name | None = None  # None: a grid of its own
    feedback: str | None = None
    scores: Mapping[str, float] | None = None
    profile: Name = "default"
    event: Name | None = None  # None: derived from the batch and what became of its images
    index: Position | None = None  # None: as in the order of the document
    order: Position | None = None  # of the event among all in the document; None: after the rest
    policy: str = ""
    version: Position = 0  # of the policy; 0: not known
    probe: Annotated[bool, Strict()] = False
    decided: tuple[Part, ...] = ()
    inert: tuple[Name, ...] = ()
    relevance: dict[str, Probability] = field(default_factory=dict)
    propensities: _Propensities = field(default_factory=_Propensities)


_PREFERENCE = TypeAdapter(_Preference)


def export_document(events: Iterable[Event]) -> dict[str, Any]:
    """The events as a JSON-ready document with the best of the statistics they add up to."""
    events = without_superseded(events)
    preferences: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for order, event in enumerate(events):
        if isinstance(event, GridSubmitted | GridRejected):
            preferences += _preferences(event, order)
        else:
            others.append({**event.to_dict(), "order": order})
    return {
        "version": VERSION,
        "total_preferences": len(preferences),
        "preferences": preferences,
        "image_events": others,
        "stats": _stats(Statistics.fold(events)),
    }


def _preferences(grid: GridEvent, order: int) -> Iterator[dict[str, Any]]:
    for image in grid.images:
        yield {
            "id": image.image_id,
            "prompt": grid.prompt,
            "keywords": list(grid.keywords),
            "checkpoint": image.candidate.checkpoint,
            "loras": [
                {"name": use.name, "strength": use.strength} for use in image.candidate.loras
            ],
            "action": "selected" if image.picked else "rejected",
            "explicit": isinstance(grid, GridRejected),
            "stage": grid.stage,
            "timestamp": grid.time,
            "session": grid.session,
            "batch": grid.batch,
            "feedback": grid.feedback,
            "scores": image.scores,
            "profile": grid.profile,
            "event": grid.id,
            "index": image.index,
            "order": order,
            **{name: value for name, value in _provenance(grid, image).items() if value},
        }


def _provenance(grid: GridEvent, image: ShownImage) -> dict[str, Any]:
    """How the image came to be shown, as far as that is known."""
    likely = {"checkpoint": image.checkpoint_propensity, "loras": image.lora_propensities}
    return {
        "policy": grid.policy,
        "version": grid.policy_version,
        "probe": image.probe,
        "decided": image.decided,
        "inert": image.inert,
        "relevance": image.relevance,
        "propensities": {name: told for name, told in likely.items() if told not in (None, {})},
    }


def _stats(statistics: Statistics) -> list[dict[str, Any]]:
    return [
        {
            "type": row.type,
            "key": row.key,
            "selected": row.selected,
            "total": row.total,
            "selection_rate": round(row.selection_rate, 4),
            "confidence": round(row.confidence, 4),
        }
        for kind in TYPES
        for row in statistics.rows(kind, STATS_PER_TYPE)
    ]


def import_document(data: object) -> list[Event]:
    """The events a document tells of, in its order; InvalidInput names the first wrong place.

    Statistics in the document are not read: they follow from the events.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("preferences"), list):
        raise InvalidInput("This is no preferences document; expected an object with preferences.")
    if data.get("version") != VERSION:
        raise InvalidInput(f"The document's version is not '{VERSION}', the one that can be read.")
    image_events = data.get("image_events", [])
    if not isinstance(image_events, list):
        raise InvalidInput("image_events is not a list.")
    events = sorted(
        [*_grids(data["preferences"]), *_others(image_events)], key=lambda placed: placed[0]
    )
    refuse_twins(event.id for _, event in events)
    return [event for _, event in events]


def refuse_twins(ids: Iterable[str]) -> None:
    """InvalidInput where two events have the same id."""
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise InvalidInput(f"The event '{twice[0]}' stands in the document more than once.")


Placed = tuple[float, Event]
"""An event and its place among all; without one it comes after the others."""


def _grids(entries: list[object]) -> Iterator[Placed]:
    grids: dict[str, list[tuple[str, _Preference]]] = {}
    for place, preference in _read(entries):
        grids.setdefault(preference.batch or preference.id, []).append((place, preference))
    for batch, images in grids.items():
        order = images[0][1].order
        yield math.inf if order is None else order, _grid(batch, images)


def _others(entries: list[object]) -> Iterator[Placed]:
    for i, entry in enumerate(entries):
        event = event_from_dict(entry, place=f"image_events[{i}]")
        order = entry.get("order") if isinstance(entry, Mapping) else None
        yield order if type(order) is int else math.inf, event


def _read(entries: list[object]) -> Iterator[tuple[str, _Preference]]:
    seen: dict[str, str] = {}
    for i, entry in enumerate(entries):
        place = f"preferences[{i}]"
        try:
            preference = _PREFERENCE.validate_python(entry)
        except ValidationError as error:
            raise refusal(error, place) from None
        if preference.id in seen:
            raise InvalidInput(f"{place}.id is the same as that of {seen[preference.id]}.")
        seen[preference.id] = place
        yield place, preference


def _grid(batch: str, entries: list[tuple[str, _Preference]]) -> GridEvent:
    first_place, first = entries[0]
    for place, preference in entries:
        if _shared(preference) != _shared(first):
            name = next(n for n in _SHARED if getattr(preference, n) != getattr(first, n))
            raise InvalidInput(
                f"{place}.{name} differs from {first_place}.{name}, though both are of one batch."
            )
    preferences = [preference for _, preference in entries]
    rejected = all(p.explicit and p.action == "rejected" for p in preferences)
    event = (GridRejected if rejected else GridSubmitted)(
        id=first.event or _derived_id(batch, preferences),
        time=first.timestamp,
        profile=first.profile,
        session=first.session,
        batch=batch,
        stage=first.stage,
        prompt=first.prompt,
        keywords=first.keywords,
        images=tuple(_image(position, p) for position, p in enumerate(preferences)),
        policy=first.policy,
        feedback=first.feedback,
        policy_version=first.version,
    )
    _check(event, first_place)
    return event


def _image(position: int, preference: _Preference) -> ShownImage:
    return ShownImage(
        image_id=preference.id,
        index=position if preference.index is None else preference.index,
        candidate=Candidate(preference.checkpoint, preference.loras),
        picked=preference.action == "selected",
        scores=dict(preference.scores or {}),
        checkpoint_propensity=preference.propensities.checkpoint,
        lora_propensities=preference.propensities.loras,
        relevance=preference.relevance,
        probe=preference.probe,
        decided=preference.decided,
        inert=preference.inert,
    )


def _derived_id(batch: str, preferences: list[_Preference]) -> str:
    """The same for the same outcome of a batch, whoever imports it and however often."""
    outcome = sorted((preference.id, preference.action) for preference in preferences)
    return hashlib.sha256(repr((batch, outcome)).encode()).hexdigest()[:32]


def _check(event: GridEvent, place: str) -> None:
    try:
        outcome_of(event)
    except InvalidInput as error:
        raise InvalidInput(f"The grid of {place}: {error}") from None
