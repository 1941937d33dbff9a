"""Trigger words: what a LoRA wants to hear and the prompt does not say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from vibes.catalog import ModelRecord
from vibes.prompts import english, topics
from vibes.prompts.concepts import concept_lexicon

from .phrases import Phrase, base_words, is_common, phrase

MAX_LETTERS = 60  # a longer trigger is a whole caption

_UNSAFE = re.compile(r"[<>{}|\\\[\]\x00-\x1f]|\bembedding:", re.IGNORECASE)
_BRACKET = re.compile(r"([()])")


def words_to_add(
    prompt_plain: str, record: ModelRecord, *, shared: Collection[Phrase] = ()
) -> tuple[str, ...]:
    """The LoRA's first distinctive trigger phrase, where the prompt says none of its triggers.

    Generic phrases and those in ``shared`` are never added: they would change the picture, and
    call no LoRA. Nor are phrases that mean something in the prompt language, nor those of plain
    words alone: "aurora sky" would bring an aurora that nobody asked for, "ohwx sky" does not.
    """
    said = base_words(prompt_plain)
    if any(_says(said, base_words(trigger)) for trigger in record.triggers):
        return ()
    distinctive = (
        trigger
        for trigger in record.triggers
        if _is_distinctive(trigger)
        and phrase(trigger) not in shared
        and not plain_words().issuperset(phrase(trigger).difference(said))
    )
    return tuple(distinctive)[:1]


@lru_cache(maxsize=1)
def plain_words() -> frozenset[str]:
    """The words, in base form, that the shipped lists know as names of things people draw."""
    texts = (*topics(), *concept_lexicon().categories.groups, *english().nouns)
    return frozenset(word for text in texts for word in base_words(text))


def with_triggers(prompt: str, words: Iterable[str]) -> str:
    """The prompt, as the encoder gets it, with the words at its end."""
    escaped = (_BRACKET.sub(r"\\\1", word) for word in words)
    return ", ".join(filter(None, (prompt.rstrip().rstrip(",").rstrip(), *escaped)))


def without_triggers(prompt: str, words: Sequence[str]) -> str:
    """What ``with_triggers`` was given, but for white space and commas at its end."""
    if not words:
        return prompt
    return prompt.removesuffix(with_triggers("", words)).rstrip().rstrip(",").rstrip()


def _says(said: Sequence[str], trigger: Sequence[str]) -> bool:
    size = len(trigger)
    return bool(size) and any(
        said[start : start + size] == trigger for start in range(len(said) - size + 1)
    )


def _is_distinctive(trigger: str) -> bool:
    words = base_words(trigger)
    return (
        not all(map(is_common, words))
        and len(trigger) <= MAX_LETTERS
        and _UNSAFE.search(trigger) is None
    )
