"""What happened, in the past tense: the facts everything learned is folded from.

Events are never changed, but what the user wants forgotten leaves them. A grid has one outcome
and an image one rating: a later event about the same replaces the earlier one. Order is the order
of appending, never the clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from vibes.recipes import Candidate

from .choice import Part

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
class _PromptEvent:
    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    id: Name
    time: Time
    profile: Name
    session: str
    batch: Name
    stage: Position
    prompt: str
    keywords: tuple[Name, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``event_from_dict`` inverts it exactly."""
        return {"type": type(self).__name__, **_plain(self)}


@dataclass(frozen=True, slots=True)
class _GridEvent(_PromptEvent):
    images: Annotated[tuple[ShownImage, ...], Field(min_length=1)]
    policy: str
    feedback: str | None = None
    policy_version: Position = 0  # 0: not known


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
class SuggestionChanged(_PromptEvent):
    """Before a planned image was made, the user replaced what had been suggested for it."""

    suggested: Candidate
    chosen: Candidate
    policy: str
    policy_version: Position = 0  # 0: not known


@dataclass(frozen=True, slots=True)
class ParametersChanged(_PromptEvent):
    """The user went through a grid's suggested parameters and left or replaced each of them.

    ``suggested`` is what would have been suggested to anyone, without the user's habits, so that a
    habit once followed does not read as none; ``chosen`` holds the same names. ``family`` is the
    tier's, ``style`` the prompt's, None where it said none. It teaches no policy.
    """

    family: Name
    style: Name | None
    suggested: dict[ParameterName, Setting]
    chosen: dict[ParameterName, Setting]


GridEvent = GridSubmitted | GridRejected
ImageEvent = ImageRated | ImageActed
Event = (
    GridSubmitted | GridRejected | ImageRated | ImageActed | SuggestionChanged | ParametersChanged
)
