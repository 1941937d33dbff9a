"""What happened, in the past tense: the facts everything learned is folded from.

Events are never changed, but what the user wants forgotten leaves them. A grid has one outcome
and an image one rating: a later event about the same replaces the earlier one. Order is the order
of appending, never the clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from vibes.errors import InvalidInput
from vibes.recipes import Candidate, LoraUse

from .choice import Part
from .policy import GridOutcome
from .refusal import refusal

Action = Literal["saved", "shared", "regenerated", "flagged", "unflagged"]
ParameterName = Literal["steps", "cfg", "sampler", "scheduler", "width", "height"]


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
Setting = (
    Annotated[int, Strict(), Field(ge=0, le=10**6)]
    | Annotated[float, Strict(), Field(ge=0, le=10**6)]
    | Annotated[str, Strict(), Field(min_length=1, max_length=100)]
)

_CONFIG = ConfigDict(allow_inf_nan=False)


def _plain(value: Any) -> Any:
    """Dataclasses as dicts, all through: ``asdict`` for values as simple as these, and fast."""
    kind = type(value)
    if kind is tuple:
        return tuple(map(_plain, value))
    if not is_dataclass(kind):
        return dict(value) if kind is dict else value
    return {name: _plain(getattr(value, name)) for name in _field_names(kind)}


@cache
def _field_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@dataclass(frozen=True, slots=True)
class ShownImage:
    """One image of a grid as it was shown; ``index`` is its place on the screen, from 0.

    ``inert`` names the LoRAs of the candidate that changed nothing. The rest is as in Choice.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    image_id: Name
    index: Position
    candidate: Candidate
    picked: Annotated[bool, Strict()]
    scores: dict[str, float] = field(default_factory=dict)
    checkpoint_propensity: Probability | None = None
    lora_propensities: dict[str, Probability] = field(default_factory=dict)
    relevance: dict[str, Probability] = field(default_factory=dict)
    probe: bool = False
    decided: tuple[Part, ...] = ()
    inert: tuple[Name, ...] = ()


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
    policy_version: Position = 0  # 0: not known

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **_plain(self)}


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
        return {"type": type(self).__name__, **_plain(self)}


@dataclass(frozen=True, slots=True)
class ImageRated(_ImageEvent):
    """The user rated one image, 1 to 5; what was left open is None.

    ``candidate`` made the image, at ``stage``, for a prompt of these ``keywords``; None: not known.
    """

    overall: Score
    quality: Score | None = None
    accuracy: Score | None = None
    aesthetics: Score | None = None
    flaws: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    comment: str | None = None
    keywords: tuple[Name, ...] = ()
    candidate: Candidate | None = None
    stage: Position = 0


@dataclass(frozen=True, slots=True)
class ImageActed(_ImageEvent):
    """The user did something with one image; the context is as in ImageRated."""

    action: Action
    keywords: tuple[Name, ...] = ()
    candidate: Candidate | None = None
    stage: Position = 0


@dataclass(frozen=True, slots=True)
class SuggestionChanged:
    """Before a planned image was made, the user replaced what had been suggested for it."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    id: Name
    time: Time
    profile: Name
    session: str
    batch: Name
    stage: Position
    prompt: str
    keywords: tuple[Name, ...]
    suggested: Candidate
    chosen: Candidate
    policy: str
    policy_version: Position = 0  # 0: not known

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **_plain(self)}


@dataclass(frozen=True, slots=True)
class ParametersChanged:
    """The user went through a grid's suggested parameters and left or replaced each of them.

    ``suggested`` is what would have been suggested to anyone, without the user's habits, so that a
    habit once followed does not read as none; ``chosen`` holds the same names. ``family`` is the
    tier's, ``style`` the prompt's, None where it said none. It teaches no policy.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    id: Name
    time: Time
    profile: Name
    session: str
    batch: Name
    stage: Position
    prompt: str
    keywords: tuple[Name, ...]
    family: Name
    style: Name | None
    suggested: dict[ParameterName, Setting]
    chosen: dict[ParameterName, Setting]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **_plain(self)}


GridEvent = GridSubmitted | GridRejected
ImageEvent = ImageRated | ImageActed
Event = (
    GridSubmitted | GridRejected | ImageRated | ImageActed | SuggestionChanged | ParametersChanged
)

_ADAPTERS: Mapping[str, TypeAdapter[Event]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        GridSubmitted,
        GridRejected,
        ImageRated,
        ImageActed,
        SuggestionChanged,
        ParametersChanged,
    )
}


_TYPE = re.compile(rb'{"type": ?"([A-Za-z]+)"')


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
    _check(event, place)
    return event


def event_from_json(body: bytes, *, place: str = "event", check: bool = True) -> Event:
    """``event_from_dict`` of JSON, several times as fast where it is as ``to_dict`` gives it.

    Raises InvalidInput also for what is no JSON. Without ``check`` it may be an event that
    cannot have been, which its ``lesson`` refuses.
    """
    head = _TYPE.match(body)
    adapter = _ADAPTERS.get(head[1].decode()) if head else None
    if adapter is not None:
        try:
            event = adapter.validate_json(body)
        except ValidationError:
            pass  # said better below
        else:
            if check:
                _check(event, place)
            return event
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{place} is not valid JSON: {error}.") from error
    return event_from_dict(data, place=place)


def _check(event: Event, place: str) -> None:
    if isinstance(event, GridSubmitted | GridRejected):
        outcome_of(event)
        if isinstance(event, GridRejected) and any(image.picked for image in event.images):
            raise InvalidInput(f"{place} rejects the whole grid, but one of its images is picked.")
    elif isinstance(event, SuggestionChanged):
        outcome_among(event, (event.suggested, event.chosen), frozenset({1}))
    elif isinstance(event, ParametersChanged):
        _check_settings(event, place)
    elif event.candidate is not None:
        outcome_among(event, (event.candidate,), frozenset())


def _check_settings(event: ParametersChanged, place: str) -> None:
    if event.suggested.keys() != event.chosen.keys():
        raise InvalidInput(f"{place} has other parameters in chosen than in suggested.")
    for name, value in event.suggested.items():
        if isinstance(value, str) != isinstance(event.chosen[name], str):
            raise InvalidInput(f"{place}.chosen.{name} is a number or a name, unlike suggested.")


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
