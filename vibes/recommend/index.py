"""The phrases of a library, each once, and which of its models has it where.

A prompt is compared with phrases, not with models: of 10,000 models many share a tag.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vibes.catalog import ModelRecord
from vibes.prompts import english

from .phrases import COMMON_RARITY, SHORT, Phrase, base_words, is_common, name_text
from .reading import Reading

SYNONYM = 0.8  # of what the word itself would count
UNSAID_DESCRIPTION = 0.5  # what a word before the main one costs where the prompt lacks it
UNSAID_THING = 1.0  # the same of the main word: a "mushroom house" is a house, and no mushroom
TRIGGER_WEIGHT = 0.8  # of a fully matched trigger phrase, where a fully matched name counts 1
TAG_WEIGHT = 0.3  # of a matched tag that all training pictures have
TAGS_READ = 10  # the most frequent ones; a long tail of tags matches anything
RARE = 300  # one model of so many: a word no more common tells its models from all others
SMALL_LIBRARY = 30  # models; fewer cannot show what is common, so they count as this many

_BEHIND = re.compile(r"\b(?:of|at|in|on|with|under|by|from|for)\b")  # what follows only describes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """Numbers of one kind for each of many owners, one owner's after the other's."""

    starts: Ints  # where an owner's begin; one more than there are owners
    values: Ints

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]]) -> Rows:
        """One group for each owner."""
        starts = np.concatenate([[0], np.cumsum([len(group) for group in groups])])
        values = np.fromiter(chain.from_iterable(groups), dtype=np.int64, count=int(starts[-1]))
        return cls(starts.astype(np.int64), values)

    def reduce(self, operation: np.ufunc, numbers: Floats) -> Floats:
        """The operation over each owner's numbers; 0 for an owner of none."""
        found = np.zeros(len(self.starts) - 1)
        filled = np.flatnonzero(np.diff(self.starts))
        if len(filled):
            found[filled] = operation.reduceat(numbers, self.starts[filled])
        return found


class Expression(NamedTuple):
    """What a name, trigger or tag says: its words, and the one that names the thing itself."""

    words: Phrase
    thing: str

    def cost(self, word: str) -> float:
        """What one of the words takes off where the prompt lacks it."""
        if word in english().generic or len(word) <= SHORT:
            return COMMON_RARITY
        described = word != self.thing or word in english().modifiers
        return UNSAID_DESCRIPTION if described else UNSAID_THING


class PhraseIndex:
    """Names, titles, trigger phrases and tags of models; ``rarity`` of each word, 0..1."""

    def __init__(self, records: Iterable[ModelRecord]):
        models = [_Texts.of(record) for record in records]
        numbers: dict[Expression, int] = {}
        self._names = Rows.of([_numbered(model.names, numbers) for model in models])
        self._triggers = Rows.of([_numbered(model.triggers, numbers) for model in models])
        self._tags = Rows.of([_numbered(model.tags, numbers) for model in models])
        self._shares = np.array(list(chain.from_iterable(m.shares for m in models)), dtype=float)
        self._cost = np.array([sum(map(one.cost, one.words)) for one in numbers], dtype=float)
        self._having = _having(numbers)
        self.rarity = _rarity(models)

    def fit(self, reading: Reading) -> Floats:
        """How well each model's words fit what is said, 0..1.

        Name, title or best trigger, which often say the same, and each tag as a further reason.
        """
        covered = self._covered(reading)
        named = self._names.reduce(np.maximum, covered[self._names.values])
        called = self._triggers.reduce(np.maximum, covered[self._triggers.values])
        tagged = np.log1p(-TAG_WEIGHT * self._shares * covered[self._tags.values])
        doubt = np.exp(self._tags.reduce(np.add, tagged))
        fits: Floats = 1 - (1 - np.maximum(named, TRIGGER_WEIGHT * called)) * doubt
        return fits

    def _covered(self, reading: Reading) -> Floats:
        """How much of each expression is said, 0..1; rare words weigh more, and twice."""
        gained = np.zeros(len(self._cost))
        weight = self._cost.copy()
        for word in reading.words & self._having.keys():
            where, costs = self._having[word]
            gained[where] += self.rarity[word] ** 2
            weight[where] += self.rarity[word] - costs
        for phrase_meant in reading.stands_for:
            self._add_synonym(phrase_meant, reading.words, gained, weight)
        covered = np.zeros(len(gained))
        touched = gained > 0
        covered[touched] = gained[touched] / weight[touched]
        return covered

    def _add_synonym(self, words: Phrase, said: Phrase, gained: Floats, weight: Floats) -> None:
        """Count a synonym where all of its words stand, and more where it is said than before."""
        whole = reduce(np.intersect1d, (self._having[word][0] for word in words))
        if not len(whole):
            return
        for word in words - said:
            where, costs = self._having[word]
            inside = np.isin(where, whole, assume_unique=True)
            gained[where[inside]] += SYNONYM * self.rarity[word] ** 2
            weight[where[inside]] += self.rarity[word] - costs[inside]


class _Texts(NamedTuple):
    names: list[Expression]
    triggers: list[Expression]
    tags: list[Expression]
    shares: list[float]

    @classmethod
    def of(cls, record: ModelRecord) -> _Texts:
        shares = {expression(tag): share for tag, share in reversed(list(read_tags(record)))}
        tags = {one: share for one, share in shares.items() if one is not None}
        return cls(
            _expressions((name_text(record.name), record.title or "")),
            _expressions(_called_by(record)),
            list(tags),
            list(tags.values()),
        )

    def words(self) -> Phrase:
        said = chain(self.names, self.triggers, self.tags)
        return frozenset(chain.from_iterable(one.words for one in said))


def _called_by(record: ModelRecord) -> tuple[str, ...]:
    """The trigger phrases; where none is distinctive, what all training pictures showed as well."""
    if any(map(_is_distinctive, record.triggers)):
        return record.triggers
    return (*record.triggers, *filter(_is_distinctive, record.tags[:1]))


def _is_distinctive(text: str) -> bool:
    return not all(map(is_common, base_words(text)))


@lru_cache(maxsize=1 << 16)
def expression(text: str) -> Expression | None:
    """What a text says; None where that is nothing. English puts the thing itself last."""
    words = base_words(text)
    before = next(filter(None, map(base_words, _BEHIND.split(text.casefold()))), words)
    return Expression(frozenset(words), before[-1]) if words else None


def _expressions(texts: Iterable[str]) -> list[Expression]:
    return list(dict.fromkeys(filter(None, map(expression, texts))))


def read_tags(record: ModelRecord) -> Iterable[tuple[str, float]]:
    """The tags that count, each with how much of the training pictures has it, 0..1.

    Where no counts are known, every tag counts in full.
    """
    tags, counts = record.tags[:TAGS_READ], record.tag_counts[:TAGS_READ]
    if len(counts) < len(tags) or not (most := max(counts, default=0)) > 0:
        return ((tag, 1.0) for tag in tags)
    shares = (math.sqrt(max(count, 0) / most) for count in counts)
    return zip(tags, shares, strict=False)


def _numbered(said: Iterable[Expression], numbers: dict[Expression, int]) -> list[int]:
    return [numbers.setdefault(one, len(numbers)) for one in said]


def _having(numbers: Mapping[Expression, int]) -> Mapping[str, tuple[Ints, Floats]]:
    """Word to the numbers of the expressions it stands in, ascending, and what it costs there."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    for one, number in numbers.items():
        for word in one.words:
            where, costs = found.setdefault(word, ([], []))
            where.append(number)
            costs.append(one.cost(word))
    return {
        word: (np.array(where, dtype=np.int64), np.array(costs))
        for word, (where, costs) in found.items()
    }


def _rarity(models: Sequence[_Texts]) -> Mapping[str, float]:
    """1 for a word of few models, less the larger the part that has it."""
    size = max(len(models), SMALL_LIBRARY)
    counts = Counter(chain.from_iterable(model.words() for model in models))
    rarest = math.log1p(min(size, RARE))
    return {
        word: min(math.log1p(size / count) / rarest, COMMON_RARITY if is_common(word) else 1)
        for word, count in counts.items()
    }
