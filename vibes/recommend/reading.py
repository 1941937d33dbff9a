"""What a prompt says to a library: its words, what stands for them, and misspelled ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from rapidfuzz import fuzz, process

from vibes.prompts import english, topics
from vibes.prompts.synonyms import Synonyms

from .phrases import Phrase, base_words, phrase

SHORTEST_TYPO = 5  # letters; shorter words are near too many others
NEAREST_TYPO = 85  # of 100
SHORTEST_PART = 3  # letters of either half of a word written in one


@dataclass(frozen=True, slots=True)
class Reading:
    """Words a prompt says to a library.

    ``read_as`` maps a misspelled or oddly joined word of the prompt to what it was read as,
    ``stands_for`` the words of a synonym to what of the prompt it stands for.
    """

    words: frozenset[str]
    read_as: Mapping[str, str]
    stands_for: Mapping[Phrase, str]


@dataclass(frozen=True)
class Vocabulary:
    """The words of one library."""

    words: Collection[str]

    def read(self, keywords: Iterable[str], synonyms: Synonyms) -> Reading:
        """The prompt's words; the library's own way to write them where it knows another."""
        said: dict[str, None] = {}
        read_as: dict[str, str] = {}
        for keyword in keywords:
            parts = base_words(keyword)
            said |= dict.fromkeys((*parts, *self._joined(parts)))
            for word in parts:
                if other := self._other_way(word):
                    read_as[word] = " ".join(other)
                    said |= dict.fromkeys(other)
        words = frozenset(said)
        return Reading(words, read_as, dict(self._meant(words, synonyms)))

    def _meant(self, said: frozenset[str], synonyms: Synonyms) -> Iterator[tuple[Phrase, str]]:
        """The library's words for something else the prompt says."""
        for word, others in synonyms.items():
            if phrase(word) and phrase(word) <= said:
                for other in map(phrase, others):
                    if other and not other <= said and all(one in self.words for one in other):
                        yield other, word

    def _joined(self, parts: Sequence[str]) -> Iterator[str]:
        """Neighbours that the library writes in one: "line art" is its "lineart"."""
        for first, second in pairwise(parts):
            if first + second in self.words:
                yield first + second

    def _other_way(self, word: str) -> tuple[str, ...]:
        """How the library writes a word that neither it nor the lexicon knows."""
        if word in self.words or _is_known(word):
            return ()
        return self._split(word) or self._nearest(word)

    def _split(self, word: str) -> tuple[str, ...]:
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            if word[:cut] in self.words and word[cut:] in self.words:
                return word[:cut], word[cut:]
        return ()

    def _nearest(self, word: str) -> tuple[str, ...]:
        if len(word) < SHORTEST_TYPO:
            return ()
        # Who mistypes a word begins it right: "stranger" is no "ranger".
        among = self._by_initial.get(word[0], ())
        found = process.extractOne(word, among, scorer=fuzz.ratio, score_cutoff=NEAREST_TYPO)
        return (found[0],) if found else ()

    @cached_property
    def _by_initial(self) -> Mapping[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for word in sorted(self.words):
            if len(word) >= SHORTEST_TYPO - 1:
                grouped.setdefault(word[0], []).append(word)
        return grouped


@lru_cache(maxsize=1 << 16)
def _is_known(word: str) -> bool:
    """Whether the shipped word lists know a word: then it is no misspelling of another."""
    return word in _known_words()


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    lexicon = english()
    lists = (
        *(lexicon.stop_words, lexicon.quality, lexicon.fillers, lexicon.phrases),
        *(lexicon.modifiers, lexicon.nouns, lexicon.generic, lexicon.singular_in_s),
        *(lexicon.lemmas, lexicon.lemmas.values(), topics()),
    )
    return frozenset(word for entries in lists for entry in entries for word in entry.split())
