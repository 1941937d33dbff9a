"""How well a model's name and metadata fit a prompt, before any pick exists.

Words count by their rarity in the catalog, so that "girl", which half of all LoRAs were trained
on, hardly speaks for one of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from vibes.catalog import ModelRecord
from vibes.catalog.names import words
from vibes.prompts import english

MIN_RELEVANCE = 0.2  # less is chance: a generic trigger or one common tag
TRIGGER_WEIGHT = 0.8  # of a fully matched trigger phrase, where a fully matched name counts 1
TAG_WEIGHT = 0.3  # of each matched tag
TAGS_READ = 10  # the most frequent ones; a long tail of tags matches anything
SMALL_LIBRARY = 30  # models; fewer cannot show what is common, so they count as this many
COMMON_RARITY = 0.15  # at most, for words the lexicon calls generic or describing
UNSAID_DESCRIPTION = 0.5  # what a describing word of a name costs where the prompt lacks it

Phrase = frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """Which words of a model the prompt shares, by where they stand."""

    name: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def relevance(
    keywords: Iterable[str], records: Mapping[str, ModelRecord], among: Collection[str]
) -> dict[str, float]:
    """Model name to 0..1 for those ``among`` the records that fit by ``MIN_RELEVANCE`` or more.

    All ``records`` together say how rare a word is.
    """
    prompt = _prompt_words(keywords)
    rarity = _rarity(records.values(), prompt) if prompt else {}
    scores = {name: _score(records[name], rarity) for name in among} if rarity else {}
    return {name: score for name, score in scores.items() if score >= MIN_RELEVANCE}


def match(keywords: Iterable[str], record: ModelRecord) -> Match:
    """The words a model and a prompt share; describing words alone do not count."""
    prompt = _prompt_words(keywords)
    things = prompt - english().modifiers
    name = dict.fromkeys(english().lemma(word) for word in words(record.name))
    return Match(
        tuple(word for word in name if word in prompt) if things.intersection(name) else (),
        tuple(trigger for trigger in record.triggers if _phrase(trigger) & things),
        tuple(tag for tag in record.tags[:TAGS_READ] if _phrase(tag) & things),
    )


def _prompt_words(keywords: Iterable[str]) -> Phrase:
    return frozenset(word for keyword in keywords for word in keyword.split())


@lru_cache(maxsize=1 << 16)
def _phrase(text: str) -> Phrase:
    return frozenset(map(english().lemma, text.replace("-", " ").split()))


@lru_cache(maxsize=1 << 16)
def _name(name: str) -> Phrase:
    return frozenset(map(english().lemma, words(name)))


def _rarity(records: Collection[ModelRecord], prompt: Phrase) -> Mapping[str, float]:
    """Words of the prompt to 0..1: 1 for a word of a single model, less the more have it."""
    counts = Counter(word for record in records for word in _all_words(record) & prompt)
    common = english().generic | english().modifiers
    size = max(len(records), SMALL_LIBRARY)
    return {
        word: min(
            math.log1p(size / count) / math.log1p(size), COMMON_RARITY if word in common else 1
        )
        for word, count in counts.items()
    }


def _all_words(record: ModelRecord) -> Phrase:
    phrases = map(_phrase, (*record.triggers, *record.tags[:TAGS_READ]))
    return _name(record.name).union(*phrases)


def _score(record: ModelRecord, rarity: Mapping[str, float]) -> float:
    """Name or best trigger, which often say the same, and each tag as a further reason."""
    triggers = (_covered(_phrase(trigger), rarity) for trigger in record.triggers)
    named = max(_covered(_name(record.name), rarity), TRIGGER_WEIGHT * max(triggers, default=0))
    doubt = 1 - named
    for tag in record.tags[:TAGS_READ]:
        doubt *= 1 - TAG_WEIGHT * _covered(_phrase(tag), rarity)
    return 1 - doubt


def _covered(phrase: Phrase, rarity: Mapping[str, float]) -> float:
    """How much of a phrase the prompt says, 0..1; rare words weigh more, and twice."""
    said = [rarity[word] for word in phrase if word in rarity]
    if not said:
        return 0.0
    unsaid = sum(_cost_unsaid(word) for word in phrase if word not in rarity)
    return sum(value**2 for value in said) / (sum(said) + unsaid)


def _cost_unsaid(word: str) -> float:
    if word in english().generic:
        return COMMON_RARITY
    return UNSAID_DESCRIPTION if word in english().modifiers else 1.0
