"""How well a model fits a prompt before any pick exists, and by which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from vibes.catalog import ModelRecord
from vibes.prompts import english
from vibes.settings import LoraWeights

from .index import TAGS_READ, Floats
from .phrases import Phrase, base_words, name_words, phrase
from .reading import Reading

Part = TypeVar("Part", float, Floats)

MIN_RELEVANCE = 0.2  # less is chance: a generic trigger or one common tag
BOTH_ASKED = 0.8  # of either part alone where words and meaning are both known: two chances to err
WORTH_USING = 0.4  # of words or meaning; less is enough to be found, not to be put into a picture


@dataclass(frozen=True, slots=True)
class Match:
    """Which words of a model the prompt shares, by where they stand, and how they were read.

    ``read_as`` and ``stands_for`` are those of the Reading, as far as this model's words go.
    """

    name: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    read_as: Mapping[str, str] | None = None
    stands_for: Mapping[Phrase, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """How well one model fits a prompt; every part 0..1, None where nothing is known of it.

    ``relevance`` is the weighted mean of the known parts. Popularity alone never makes a fit.
    """

    record: ModelRecord
    reading: Reading
    relevance: float
    semantic: float | None
    keyword: float
    popularity: float | None

    @property
    def name(self) -> str:
        """The model's catalog name."""
        return self.record.name

    @property
    def evidence(self) -> float:
        """What words and meaning say for it together."""
        return together(self.keyword, self.semantic)

    @property
    def parts(self) -> dict[str, float | None]:
        """The parts by the names they have in the settings."""
        return {
            "semantic": self.semantic,
            "keyword": self.keyword,
            "popularity": self.popularity,
        }

    @property
    def match(self) -> Match:
        """The words that speak for the model."""
        return match(self.reading, self.record)


def together(words: Part, meaning: Part | None) -> Part:
    """The evidence of words and meaning, 0..1; where both are asked, one alone says less."""
    return words if meaning is None else BOTH_ASKED * (1 - (1 - words) * (1 - meaning))


def weighted(parts: Mapping[str, float | None], weights: LoraWeights) -> float:
    """The mean of the known parts by their weights; 0 where no known part has a weight."""
    known = [
        (value, float(getattr(weights, part))) for part, value in parts.items() if value is not None
    ]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else 0.0


def match(reading: Reading, record: ModelRecord) -> Match:
    """The words a model and a prompt share; describing words alone do not count."""
    said = reading.words.union(*reading.stands_for)
    things = said - english().modifiers
    name = dict.fromkeys((*name_words(record.name), *base_words(record.title or "")))
    shown = said if things.intersection(name) else frozenset()
    found = Match(
        tuple(word for word in name if word in shown),
        tuple(trigger for trigger in record.triggers if phrase(trigger) & things),
        tuple(tag for tag in record.tags[:TAGS_READ] if phrase(tag) & things),
    )
    own = frozenset(found.name).union(*map(phrase, (*found.triggers, *found.tags)))
    return Match(
        found.name,
        found.triggers,
        found.tags,
        {word: other for word, other in reading.read_as.items() if own & set(other.split())},
        {words: other for words, other in reading.stands_for.items() if words <= own},
    )
