"""A library: all models of one kind, indexed once, to be asked for what fits a prompt."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vibes.catalog import Catalog, ModelRecord
from vibes.prompts.encoders import TextEncoder
from vibes.prompts.synonyms import Synonyms, shipped_synonyms
from vibes.settings import LoraWeights

from .exclusions import StyleRules, Styles, style_rules
from .index import Floats, PhraseIndex
from .meaning import Meanings
from .phrases import Phrase, phrase
from .reading import Reading, Vocabulary
from .relevance import MIN_RELEVANCE, ModelFit, together, weighted

SHARED = 5  # models with the same trigger phrase; it tells none of them apart


class ModelLibrary:
    """Checkpoints or LoRAs by catalog name; it never changes, and making one takes its time.

    ``synonyms`` None are the shipped ones. Without an ``encoder`` nothing is known by meaning.
    ``styles`` holds the models of which a style is known that excludes others, ``shared_triggers``
    the trigger phrases that so many models have that they tell none of them apart.
    """

    def __init__(
        self,
        records: Mapping[str, ModelRecord],
        *,
        synonyms: Synonyms | None = None,
        encoder: TextEncoder | None = None,
        weights: LoraWeights | None = None,
        rules: StyleRules | None = None,
    ):
        self.records = dict(records)
        self.weights = weights or LoraWeights()
        self.rules = rules or style_rules()
        self.styles = _styles(self.records, self.rules)
        self.shared_triggers = _shared_triggers(self.records.values())
        self._synonyms = shipped_synonyms() if synonyms is None else synonyms
        models = list(self.records.values())
        self._names = list(self.records)
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._index = PhraseIndex(models)
        self._vocabulary = Vocabulary(frozenset(self._index.rarity))
        self._meanings = Meanings(encoder, models) if encoder and models else None
        self._popularity = _popularity(models)
        self._families = np.array([model.family or "" for model in models], dtype=object)

    def read(self, keywords: Iterable[str]) -> Reading:
        """What a prompt says to this library."""
        return self._vocabulary.read(keywords, self._synonyms)

    def fits(
        self,
        keywords: Sequence[str],
        *,
        family: str | None = None,
        among: Collection[str] | None = None,
        least: float = MIN_RELEVANCE,
    ) -> dict[str, ModelFit]:
        """The models that words or meaning speak for, by ``least`` or more, best first.

        Only those of the ``family``, None for any, and ``among`` these names.
        """
        reading = self.read(keywords)
        by_words = self._index.fit(reading)
        by_meaning = self._meanings.fit(keywords) if self._meanings else None
        speaks = together(by_words, by_meaning) >= least
        found = [
            self._fit(number, reading, by_words, by_meaning)
            for number in np.flatnonzero(speaks & self._asked(family, among)).tolist()
        ]
        return {fit.name: fit for fit in sorted(found, key=lambda fit: (-fit.relevance, fit.name))}

    def fit(self, name: str, keywords: Sequence[str]) -> ModelFit:
        """How well one model fits, however little."""
        return self.fits(keywords, among=[name], least=0.0)[name]

    def _asked(self, family: str | None, among: Collection[str] | None) -> npt.NDArray[np.bool_]:
        asked: npt.NDArray[np.bool_] = np.ones(len(self._names), dtype=np.bool_)
        if family is not None:
            asked &= self._families == family
        if among is not None:
            inside = np.zeros_like(asked)
            inside[[self._numbers[name] for name in among if name in self._numbers]] = True
            asked &= inside
        return asked

    def _fit(
        self, number: int, reading: Reading, by_words: Floats, by_meaning: Floats | None
    ) -> ModelFit:
        parts = {
            "semantic": None if by_meaning is None else float(by_meaning[number]),
            "keyword": float(by_words[number]),
            "popularity": self._popularity[number],
        }
        return ModelFit(
            record=self.records[self._names[number]],
            reading=reading,
            relevance=min(weighted(parts, self.weights), 1.0),
            semantic=parts["semantic"],
            keyword=float(by_words[number]),
            popularity=parts["popularity"],
        )


class Libraries:
    """The libraries of one catalog."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        synonyms: Synonyms | None = None,
        encoder: TextEncoder | None = None,
        weights: LoraWeights | None = None,
    ):
        self.loras = ModelLibrary(
            catalog.loras, synonyms=synonyms, encoder=encoder, weights=weights
        )
        self.embeddings = ModelLibrary(
            catalog.embeddings, synonyms=synonyms, encoder=encoder, weights=weights
        )
        self.checkpoints = ModelLibrary(
            catalog.checkpoints, synonyms=synonyms, encoder=encoder, weights=weights
        )


def _styles(records: Mapping[str, ModelRecord], rules: StyleRules) -> Mapping[str, Styles]:
    found = {name: rules.styles_of(record) for name, record in records.items()}
    return {name: styles for name, styles in found.items() if styles}


def _shared_triggers(records: Iterable[ModelRecord]) -> frozenset[Phrase]:
    counts = Counter(words for record in records for words in set(map(phrase, record.triggers)))
    return frozenset(words for words, count in counts.items() if count >= SHARED)


def _popularity(models: Sequence[ModelRecord]) -> list[float | None]:
    """How often each was downloaded beside the most downloaded of its family, as logarithms."""
    most: dict[str | None, int] = {}
    for model in models:
        if model.popularity is not None:
            most[model.family] = max(most.get(model.family, 1), model.popularity)
    return [
        None
        if model.popularity is None
        else math.log1p(max(model.popularity, 0)) / math.log1p(most[model.family])
        for model in models
    ]
