"""Meaning: how near a prompt lies to models, and words to topics, by a text encoder's vectors.

Encoders differ in how near they put two texts that have nothing to do with each other. So nearness
is read against pairs of words from different topics: what is usual among those counts as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vibes.catalog import ModelRecord
from vibes.prompts import topics
from vibes.prompts.encoders import TextEncoder

from .index import TAGS_READ, Floats
from .phrases import name_words

UNRELATED, SAME = 3.0, 6.5  # standard deviations above unrelated pairs: where 0 ends, 1 begins
LEAST, NARROWEST = 0.3, 0.25  # cosines: the lowest end of 0, and from there at least to 1
LEAD = 0.75  # standard deviations by which a word must lie nearer to its topic than to any other
NEIGHBOURS = 2  # words of a topic that must lie near: a single one may be chance
PROBES = 200  # texts of a library that unrelated words are compared with


@dataclass(frozen=True, slots=True)
class Scale:
    """How near unrelated texts lie to each other, and so what nearness says something."""

    middle: float
    spread: float

    @classmethod
    def among(cls, cosines: Floats) -> Scale:
        """From pairs nearly all of which are unrelated; the few others do not matter."""
        middle = float(np.median(cosines))
        deviation = float(np.median(np.abs(cosines - middle)))
        return cls(middle, 1.4826 * deviation)  # the standard deviation of normal numbers

    @property
    def low(self) -> float:
        """The cosine up to which nothing is said."""
        return min(max(self.middle + UNRELATED * self.spread, LEAST), 0.9)

    @property
    def high(self) -> float:
        """The cosine from which two texts count as the same."""
        return min(max(self.middle + SAME * self.spread, self.low + NARROWEST), 1.0)

    def of(self, cosines: Floats) -> Floats:
        """Cosines as 0..1."""
        found: Floats = np.clip((cosines - self.low) / (self.high - self.low), 0.0, 1.0)
        return found


class Meanings:
    """The vectors of a library's models."""

    def __init__(self, encoder: TextEncoder, records: Iterable[ModelRecord]):
        self._encoder = encoder
        self._vectors = encoder.encode([text_of(record) for record in records])
        step = max(len(self._vectors) // PROBES, 1)
        words = encoder.encode(list(topics()))
        self._scale = Scale.among((words @ self._vectors[::step].T).astype(np.float64))

    def fit(self, keywords: Sequence[str]) -> Floats:
        """How near each model lies to the prompt as a whole and to the nearest keyword, 0..1."""
        if not keywords or not len(self._vectors):
            return np.zeros(len(self._vectors))
        asked = self._encoder.encode([", ".join(keywords), *keywords])
        cosines = asked @ self._vectors.T
        nearness = (cosines[0] + cosines[1:].max(axis=0)) / 2
        return self._scale.of(nearness.astype(np.float64))


def text_of(record: ModelRecord) -> str:
    """What a model is about, as one text: title, name, trigger phrases, most frequent tags."""
    parts = (record.title or "", " ".join(name_words(record.name)), *record.triggers)
    return ", ".join(dict.fromkeys(filter(None, (*parts, *record.tags[:TAGS_READ]))))


class TopicMeanings:
    """The vectors of words that are ``known`` to belong to topics."""

    def __init__(self, encoder: TextEncoder, known: Mapping[str, str]):
        self._encoder = encoder
        self._names = sorted(set(known.values()))
        self._vectors = encoder.encode(list(known))
        belongs = np.array(list(known.values()))
        self._members = [np.flatnonzero(belongs == name) for name in self._names]
        apart = belongs[:, None] != belongs[None, :]
        cosines = (self._vectors @ self._vectors.T)[apart].astype(np.float64)
        self._scale = Scale.among(cosines) if len(cosines) else None

    def topic_of(self, word: str) -> str | None:
        """The topic whose words lie nearest to another word.

        None where it lies near no topic, or about as near to several; so it does where there are
        no two topics to compare.
        """
        if self._scale is None:
            return None
        cosines = (self._encoder.encode([word]) @ self._vectors.T)[0].astype(np.float64)
        nearness = [float(np.sort(cosines[own])[-NEIGHBOURS:].mean()) for own in self._members]
        second, first = sorted(nearness)[-2:]
        if first <= self._scale.low or first - second <= LEAD * self._scale.spread:
            return None
        return self._names[nearness.index(first)]
