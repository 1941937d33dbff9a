"""What happened, in the past tense: the facts everything learned is folded from.

Events are never changed. A grid has one outcome: a later event about the same batch replaces
the earlier one. Order is the order of appending, never the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from vibes.errors import InvalidInput
from vibes.recipes import Candidate, LoraUse

from .policy import GridOutcome
from .refusal import refusal

Action = Literal["saved", "shared", "regenerated", "flagged", "unflagged"]


def _iso_time(text: str) -> str:
    # Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
    readable = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    try:
        datetime.fromisoformat(readable)
    except ValueError:
        raise PydanticCustomError("time", "Input should be a time as in ISO 8601") from None
    return text


Name = Annotated[str, Field(min_length=1)]
Time = Annotated[str, AfterValidator(_iso_time)]
Position = Annotated[int, Field(ge=0, le=10**6)]
Probability = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[int, Field(ge=1, le=5)]

_CONFIG = ConfigDict(allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class ShownImage:
    """One image of a grid as it was shown; ``index`` is its place on the screen, from 0."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    image_id: Name
    index: Position
    candidate: Candidate
    picked: Annotated[bool, Strict()]
    scores: dict[str, float] = field(default_factory=dict)
    checkpoint_propensity: Probability | None = None
    lora_propensities: dict[str, Probability] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _GridEvent:
    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    id: Name
    time: Time
    profile: Name
    session: str
    batch: Name
    stage: Position
    prompt: str
    keywords: tuple[Name, ...]
    images: Annotated[tuple[ShownImage, ...], Field(min_length=1)]
    policy: str
    feedback: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, slots=True)
class GridSubmitted(_GridEvent):
    """The user went on from a grid: what is picked was liked better than the rest."""


@dataclass(frozen=True, slots=True)
class GridRejected(_GridEvent):
    """The user turned the whole grid down; ``feedback`` is the reason given."""


@dataclass(frozen=True, slots=True)
class _ImageEvent:
    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    id: Name
    time: Time
    profile: Name
    session: str
    batch: Name
    image: Name

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, slots=True)
class ImageRated(_ImageEvent):
    """The user rated one image, 1 to 5; what was left open is None."""

    overall: Score
    quality: Score | None = None
    accuracy: Score | None = None
    aesthetics: Score | None = None
    flaws: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ImageActed(_ImageEvent):
    """The user did something with one image."""

    action: Action


GridEvent = GridSubmitted | GridRejected
Event = GridSubmitted | GridRejected | ImageRated | ImageActed

_ADAPTERS: Mapping[str, TypeAdapter[Event]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (GridSubmitted, GridRejected, ImageRated, ImageActed)
}


def event_from_dict(data: object, *, place: str = "event") -> Event:
    """Inverse of ``to_dict``; InvalidInput names the field below ``place`` that is wrong."""
    kind = data.get("type") if isinstance(data, Mapping) else None
    adapter = _ADAPTERS.get(kind) if isinstance(kind, str) else None
    if adapter is None:
        raise InvalidInput(
            f"{place} is no event; expected an object whose type is one of {', '.join(_ADAPTERS)}."
        )
    try:
        event = adapter.validate_python(data)
    except ValidationError as error:
        raise refusal(error, place) from None
    if isinstance(event, GridSubmitted | GridRejected):
        _check_grid(event, place)
    return event


def _check_grid(event: GridEvent, place: str) -> None:
    outcome_of(event)
    if isinstance(event, GridRejected) and any(image.picked for image in event.images):
        raise InvalidInput(f"{place} rejects the whole grid, but one of its images is picked.")


def outcome_of(event: GridEvent) -> GridOutcome:
    """What a policy learns from the event."""
    scores = tuple(image.scores for image in event.images)
    return GridOutcome(
        keywords=event.keywords,
        stage=event.stage,
        candidates=tuple(_merged(image.candidate) for image in event.images),
        picked=frozenset(i for i, image in enumerate(event.images) if image.picked),
        features=scores if any(scores) else (),
    )


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
    """All events but superseded outcomes; what is left adds up the same in any order."""
    events = list(events)
    others = (event for event in events if not isinstance(event, GridSubmitted | GridRejected))
    return [*latest_outcomes(events), *others]
