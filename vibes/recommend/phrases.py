"""The words of models and prompts in base form, without those that say nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from vibes.catalog.names import stem, words
from vibes.prompts import english

Phrase = frozenset[str]

COMMON_RARITY = 0.15  # at most, for words the lexicon calls generic or describing
SHORT = 2  # letters; "ai", "v2" and the like say nothing of what a model is about

_LONGEST = 3  # words in an entry of the lexicon's base forms
_SIGNS = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r"(?<![a-z\d])\d{1,4}(?:d|s|mm|bit)(?![a-z])")  # 3d, 90s, 35mm, 16bit


@lru_cache(maxsize=1 << 16)
def base_words(text: str) -> tuple[str, ...]:
    """The words of a text in base form and in order, praise and stop words left out.

    A phrase of the lexicon whose words say little each counts as one: "black-and-white".
    """
    lexicon = english()
    tokens = _SIGNS.sub(" ", text.casefold()).split()
    found: list[str] = []
    position = 0
    while position < len(tokens):
        size, entry = _entry_at(tokens, position)
        position += size
        found += [entry.replace(" ", "-")] if _is_one(entry) else lexicon.lemma(entry).split()
    return tuple(word for word in found if says_something(word))


@lru_cache(maxsize=1 << 16)
def phrase(text: str) -> Phrase:
    """The words of a tag or trigger, in no order."""
    return frozenset(base_words(text))


@lru_cache(maxsize=1 << 16)
def name_text(name: str) -> str:
    """A file's own name as a text: "neonCity_90s_v2.safetensors" is "neon city 90s"."""
    return " ".join((*words(name), *_NUMBERED.findall(stem(name).casefold())))


@lru_cache(maxsize=1 << 16)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a file's own name, as those of a text."""
    return base_words(name_text(name))


@lru_cache(maxsize=1 << 16)
def says_something(word: str) -> bool:
    """Whether a word is neither grammar nor praise."""
    lexicon = english()
    return not (
        word in lexicon.stop_words or word in lexicon.quality or word in lexicon.fillers
    ) and (len(word) > 1 or not word.isascii())


@lru_cache(maxsize=1 << 16)
def is_common(word: str) -> bool:
    """Whether the lexicon calls the word generic or describing."""
    return word in english().generic or word in english().modifiers


def _entry_at(tokens: list[str], position: int) -> tuple[int, str]:
    """The longest form of the lexicon that starts here, else the word; and its token count."""
    for size in range(min(_LONGEST, len(tokens) - position), 1, -1):
        entry = " ".join(tokens[position : position + size])
        if entry in english().lemmas or _is_one(entry):
            return size, entry
    return 1, tokens[position]


@lru_cache(maxsize=1 << 12)
def _is_one(entry: str) -> bool:
    """Whether an entry is a phrase of the lexicon none of whose words says much alone."""
    parts = entry.split()
    return (
        len(parts) > 1
        and entry in english().phrases
        and all(is_common(part) or not says_something(part) for part in parts)
    )
