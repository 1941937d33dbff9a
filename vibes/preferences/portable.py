"""Preferences as a portable JSON document: one entry per image's outcome.

Exporting and importing give back the same statistics, and ids that a second import recognises.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Strict, TypeAdapter, ValidationError

from vibes.errors import InvalidInput
from vibes.recipes import Candidate, LoraUse

from .events import (
    Event,
    GridEvent,
    GridRejected,
    GridSubmitted,
    Name,
    Position,
    ShownImage,
    Time,
    event_from_dict,
    latest_outcomes,
    outcome_of,
)
from .refusal import refusal
from .statistics import Statistics
from .tally import TYPES

VERSION = "1.0"
STATS_PER_TYPE = 50  # the best; all pairings of a long history outweigh its preferences

# What all images of one grid have in common.
_SHARED = ("profile", "session", "stage", "prompt", "keywords", "timestamp", "feedback", "event")
_shared = attrgetter(*_SHARED)


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


_PREFERENCE = TypeAdapter(_Preference)


def export_document(events: Iterable[Event]) -> dict[str, Any]:
    """The events as a JSON-ready document with the best of the statistics they add up to."""
    events = list(events)
    grids = latest_outcomes(events)
    preferences = [preference for grid in grids for preference in _preferences(grid)]
    return {
        "version": VERSION,
        "total_preferences": len(preferences),
        "preferences": preferences,
        "image_events": [
            event.to_dict()
            for event in events
            if not isinstance(event, GridSubmitted | GridRejected)
        ],
        "stats": _stats(Statistics.fold(grids)),
    }


def _preferences(grid: GridEvent) -> Iterator[dict[str, Any]]:
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
    grids: dict[str, list[tuple[str, _Preference]]] = {}
    for place, preference in _read(data["preferences"]):
        grids.setdefault(preference.batch or preference.id, []).append((place, preference))
    events: list[Event] = [_grid(batch, images) for batch, images in grids.items()]
    events += (
        event_from_dict(event, place=f"image_events[{i}]") for i, event in enumerate(image_events)
    )
    twice = [name for name, count in Counter(event.id for event in events).items() if count > 1]
    if twice:
        raise InvalidInput(f"The event '{twice[0]}' stands in the document more than once.")
    return events


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
        policy="",
        feedback=first.feedback,
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
