"""Forgetting: what is left of events once something is taken out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple, TypeVar

from vibes.errors import InvalidInput
from vibes.recipes import Candidate

from .events import (
    Event,
    GridEvent,
    GridRejected,
    GridSubmitted,
    ImageEvent,
    ImageRated,
    ParametersChanged,
    ShownImage,
    SuggestionChanged,
)
from .outcomes import last_word_on

Kind = Literal["checkpoint", "lora", "keyword", "period", "batch", "everything"]
Value = TypeVar("Value", bound=Event | ShownImage)
Tells = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Forget:
    """What is to be forgotten: exactly one kind of thing; raises InvalidInput for none or more.

    Names are catalog names; a keyword goes with every keyword it is a word of. ``since`` and
    ``until`` are times as in ISO 8601, in UTC where they do not say; either may be left open, and
    a day alone stands for the whole of it.
    """

    checkpoint: str | None = None
    lora: str | None = None
    keyword: str | None = None
    since: str | None = None
    until: str | None = None
    batch: str | None = None
    everything: bool = False

    def __post_init__(self) -> None:
        if len(self._kinds()) != 1:
            raise InvalidInput(
                "Say one thing to forget: a checkpoint, a lora, a keyword, a period (since and "
                "until), a batch or everything."
            )
        start, end = self.period
        if start >= end:
            raise InvalidInput(f"No time is from {self.since} until {self.until}.")

    @property
    def kind(self) -> Kind:
        """Which kind of thing it is."""
        return self._kinds()[0]

    @property
    def what(self) -> str | None:
        """Its name, as it may be noted: None for a keyword, which shall not be found any more."""
        if self.kind == "period":
            return f"{self.since or ''}/{self.until or ''}"
        return self.checkpoint or self.lora or self.batch

    @cached_property
    def period(self) -> tuple[datetime, datetime]:
        """From when until before when; all of time where neither is given."""
        start = _time(self.since, "since") if self.since else _EARLIEST
        end = _time(self.until, "until") if self.until else _LATEST
        if self.until and _DAY.fullmatch(self.until):
            end += min(_LATEST - end, timedelta(days=1))
        return start, end

    def _kinds(self) -> list[Kind]:
        given: dict[Kind, object] = {
            "checkpoint": (self.checkpoint or "").strip(),
            "lora": (self.lora or "").strip(),
            "keyword": (self.keyword or "").split(),
            "period": self.since or self.until,
            "batch": self.batch,
            "everything": self.everything,
        }
        return [kind for kind, value in given.items() if value]


_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
_LATEST = datetime.max.replace(tzinfo=timezone.utc)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _time(text: str, name: str) -> datetime:
    # Python 3.10 reads neither "Z" nor fractions of other than 3 or 6 digits.
    readable = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    try:
        time = datetime.fromisoformat(readable)
    except ValueError:
        raise InvalidInput(f"{name} is {text!r}; expected a day or time as in ISO 8601.") from None
    utc = time.replace(tzinfo=timezone.utc)
    try:
        return time.astimezone(timezone.utc) if time.tzinfo else utc
    except OverflowError:  # at either end of time; where exactly is nobody's business
        return utc


class Redaction(NamedTuple):
    """An event, under its sequence number, and what is left of it."""

    sequence: int
    left: Event | None


class Redactions:
    """What changes in a history, shown event by event in its order, when something is forgotten.

    Where the last word on something goes, former words on it go too: they were taken back.
    """

    def __init__(self, forget: Forget):
        self._forget = forget
        self._found: dict[int, Event | None] = {}
        self._spoken: dict[tuple[str, str], list[int]] = {}
        self._fell_silent: set[tuple[str, str]] = set()

    def look_at(self, sequence: int, event: Event) -> None:
        """Take note of the event of this sequence number."""
        left = redacted(event, self._forget)
        if left is not event:
            self._found[sequence] = left
        if word := last_word_on(event):
            self._spoken.setdefault(word, []).append(sequence)
            (self._fell_silent.add if left is None else self._fell_silent.discard)(word)

    def found(self) -> list[Redaction]:
        """Every event that changes, in order."""
        gone = (number for word in self._fell_silent for number in self._spoken[word])
        found = self._found | dict.fromkeys(gone)
        return [Redaction(number, found[number]) for number in sorted(found)]


def redacted(event: Event, forget: Forget) -> Event | None:
    """What is left of the event: itself where it is not concerned, None where it goes as a whole.

    Images made with a forgotten model leave their grid; a submitted grid none of whose picks is
    left goes, as it would read like a rejected one. A forgotten keyword leaves the keywords, and
    texts that tell of what is forgotten are blanked.
    """
    if forget.kind in ("everything", "batch", "period"):
        return None if _is_gone(event, forget) else event
    if forget.kind == "keyword":
        return _without_keyword(event, forget.keyword or "")
    return _without_model(event, forget)


def _is_gone(event: Event, forget: Forget) -> bool:
    if forget.kind == "period":
        start, end = forget.period
        return start <= _time(event.time, "time") < end
    return forget.everything or event.batch == forget.batch


def _without_keyword(event: Event, keyword: str) -> Event:
    words = _words(keyword)

    def tells(text: str) -> bool:
        return _says(text, words)

    def is_word_of(known: str) -> bool:
        return f" {words} " in f" {_words(known)} "

    keywords = tuple(known for known in event.keywords if not is_word_of(known))
    found = len(keywords) < len(event.keywords)
    if isinstance(event, ImageEvent):
        return _changed(_said_of_image(event, tells), keywords=keywords)
    return _changed(_said(event, lambda text: found or tells(text), tells), keywords=keywords)


def _without_model(event: Event, forget: Forget) -> Event | None:
    name = forget.checkpoint or forget.lora or ""
    names = {_words(name), _words(PurePosixPath(name.replace("\\", "/")).stem)}

    def tells(text: str) -> bool:
        return any(_says(text, known) for known in names)

    if isinstance(event, GridSubmitted | GridRejected):
        left = _without_images(event, forget)
        return _said(left, tells, tells) if left else None
    if isinstance(event, SuggestionChanged):
        made_with = (event.suggested, event.chosen)
        return None if any(_has(c, forget) for c in made_with) else _said(event, tells, tells)
    if isinstance(event, ParametersChanged):
        return _said(event, tells, tells)
    if event.candidate is not None and _has(event.candidate, forget):
        return None
    return _said_of_image(event, tells)


def _without_images(event: GridEvent, forget: Forget) -> GridEvent | None:
    images = tuple(
        _unrelated(image, forget) for image in event.images if not _has(image.candidate, forget)
    )
    had, has = (any(image.picked for image in shown) for shown in (event.images, images))
    return None if not images or (had and not has) else _changed(event, images=images)


def _unrelated(image: ShownImage, forget: Forget) -> ShownImage:
    """The image without numbers about the model: those told of a whole pool may be."""
    name = forget.checkpoint or forget.lora or ""
    return _changed(
        image,
        relevance=_without(name, image.relevance),
        lora_propensities=_without(name, image.lora_propensities),
        inert=tuple(lora for lora in image.inert if lora != name),
    )


def _without(name: str, numbers: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in numbers.items() if key != name}


def _has(candidate: Candidate, forget: Forget) -> bool:
    if forget.checkpoint:
        return candidate.checkpoint == forget.checkpoint
    return any(use.name == forget.lora for use in candidate.loras)


def _said(
    event: GridEvent | SuggestionChanged | ParametersChanged, prompt_tells: Tells, tells: Tells
) -> Event:
    """The event; prompt, feedback and style blanked where they tell."""
    prompt = "" if prompt_tells(event.prompt) else event.prompt
    if isinstance(event, SuggestionChanged):
        return _changed(event, prompt=prompt)
    if isinstance(event, ParametersChanged):
        return _changed(
            event, prompt=prompt, style=None if tells(event.style or "") else event.style
        )
    feedback = None if tells(event.feedback or "") else event.feedback
    return _changed(event, prompt=prompt, feedback=feedback)


def _said_of_image(event: ImageEvent, tells: Tells) -> ImageEvent:
    if not isinstance(event, ImageRated):
        return event
    return _changed(
        event,
        comment=None if tells(event.comment or "") else event.comment,
        tags=tuple(tag for tag in event.tags if not tells(tag)),
        flaws=tuple(flaw for flaw in event.flaws if not tells(flaw)),
    )


def _changed(value: Value, **fields: Any) -> Value:
    """The value with these fields; itself where they are as they were."""
    same = all(getattr(value, name) == new for name, new in fields.items())
    return value if same else replace(value, **fields)


def _says(text: str, words: str) -> bool:
    """Whether the text has the words or what begins with them: "rain" tells, and so does "rainy",
    but "art" is not told by "party".
    """
    return re.search(rf"(?<!\w){re.escape(words)}", _words(text)) is not None


def _words(text: str) -> str:
    return " ".join(text.casefold().split())
