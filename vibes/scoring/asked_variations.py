"""Which value of a template's placeholder stands in a prompt, and how the others would stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vibes.prompts.concepts import Segment
from vibes.prompts.lexicon import english

from .alternatives_lexicon import entry
from .asked import Asked, Frame, agreeing, plain_prompt, segments_of

_MOST_AROUND = 3  # words of a phrase on each side of the value
_ARTICLES = ("a", "an", "the")


class Value(NamedTuple):
    """One value of a placeholder: its plain text, its words, and the key it is looked up by."""

    text: str
    words: tuple[str, ...]
    key: str


class Varied(NamedTuple):
    """The value of the placeholder ``name`` that stands in a prompt.

    ``frame`` puts any value into the words around this one; ``thing`` is what the value asks for
    by itself, ``alone`` whether no words stand around it. ``start`` and ``size`` count words.
    """

    name: str
    text: str
    key: str
    frame: Frame
    others: Sequence[Value]
    start: int
    size: int
    thing: Asked | None
    alone: bool


def varied(
    name: str, values: Sequence[str], segments: Sequence[Segment], things: Sequence[Asked]
) -> Varied | None:
    """The longest value that stands in the segments, of such the first; None where none does."""
    read = list(dict.fromkeys(map(_value, values)))
    words = [word for segment in segments for word in segment.words]
    found = [(-len(v.words), at, v) for v in read if (at := _place(v.words, words)) is not None]
    if not found:
        return None
    _, start, value = min(found, key=lambda item: item[:2])
    frame, alone = _frame(value, start, segments)
    size = len(value.words)
    return Varied(
        name=name,
        text=frame(value.text),
        key=value.key,
        frame=frame,
        others=[other for other in read if other.words and other != value],
        start=start,
        size=size,
        thing=_thing(things, start, size),
        alone=alone,
    )


def _value(text: str) -> Value:
    plain = " ".join(plain_prompt(text).casefold().replace("-", " ").split()).strip(" ,.;")
    words = tuple(word for segment in segments_of(text) for word in segment.words)
    return Value(plain, words, entry(" ".join(words)).base if words else "")


def _place(words: Sequence[str], of: Sequence[str]) -> int | None:
    size = len(words)
    if not size:
        return None
    return next((i for i in range(len(of) - size + 1) if (*of[i : i + size],) == words), None)


def _frame(value: Value, start: int, segments: Sequence[Segment]) -> tuple[Frame, bool]:
    """What stands around the value in its phrase, up to the next word that joins phrases."""
    offset = 0
    for segment in segments:
        end = start - offset + len(value.words)
        if start - offset >= 0 and end <= len(segment.words):
            break
        offset += len(segment.words)
    else:  # it has commas in it
        return str, True
    if not english().stop_words.isdisjoint(value.words):
        return str, True
    before = _phrase(segment.words[: start - offset][::-1])[::-1]
    after = _phrase(segment.words[end:])
    first = start - offset - len(before) - 1
    article = segment.words[first : first + 1] if first >= 0 else ()
    if article and article[0] in _ARTICLES:
        before = [*article, *before]
    left, right = " ".join(before), " ".join(after)
    return (lambda word: agreeing(f"{left} {word} {right}".strip())), not (left or right)


def _phrase(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if word in english().stop_words or len(found) == _MOST_AROUND:
            break
        if word not in english().quality:
            found.append(word)
    return found


def _thing(things: Sequence[Asked], start: int, size: int) -> Asked | None:
    """The last thing the value names, else the last describing word in it."""
    inside = [
        thing
        for thing in things
        if thing.start >= start and thing.start + thing.size <= start + size and thing.key
    ]
    nouns = [thing for thing in inside if not thing.describing]
    return next(reversed(nouns or inside), None)
