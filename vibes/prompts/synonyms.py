"""Synonyms: words that stand for each other, as shipped and as users add them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from vibes.errors import ConfigError
from vibes.settings import data_root

from .lexicon import english
from .lists import entries, read_lists

Synonyms = Mapping[str, tuple[str, ...]]
"""A word or phrase, in base form, to those that stand for it."""


def load_synonyms(path: Path) -> Synonyms:
    """Read lines such as ``dusk: sunset, twilight``; every word of a line stands for the others.

    Raises ConfigError, with the line, for a file that is not of this form.
    """
    lines = _lines_of_keys(path)
    found: dict[str, dict[str, None]] = {}
    for word, others in read_lists(path, "synonyms").items():
        if not isinstance(word, str) or not isinstance(others, str) or not entries(others):
            raise ConfigError(
                f"The synonyms of '{word}' are one text, as in 'dusk: sunset, twilight'.",
                path=path,
                line=lines.get(word),
            )
        group = list(dict.fromkeys(map(_base, (word, *entries(others)))))
        for one in group:
            found.setdefault(one, {}).update(
                dict.fromkeys(other for other in group if other != one)
            )
    return {word: tuple(others) for word, others in found.items()}


@lru_cache(maxsize=1)
def shipped_synonyms() -> Synonyms:
    """The synonyms everybody has."""
    return load_synonyms(data_root() / "config" / "lexicons" / "synonyms.yaml")


def with_own_synonyms(folder: Path | None) -> Synonyms:
    """The shipped synonyms and those of ``synonyms.yaml`` in a folder of one's own, if it is there.

    Raises ConfigError as ``load_synonyms`` does.
    """
    path = folder / "synonyms.yaml" if folder else None
    if path is None or not path.exists():
        return shipped_synonyms()
    own, shipped = load_synonyms(path), shipped_synonyms()
    words = dict.fromkeys((*own, *shipped))
    return {
        word: tuple(dict.fromkeys((*own.get(word, ()), *shipped.get(word, ())))) for word in words
    }


def _base(text: str) -> str:
    """Base form of a word, or of each word of a phrase the lexicon has no form of."""
    text = " ".join(text.casefold().split())
    lemma = english().lemma(text)
    return lemma if lemma != text else " ".join(map(english().lemma, text.split()))


def _lines_of_keys(path: Path) -> Mapping[Any, int]:
    """The line of each key; empty where the file cannot be read, which ``read_lists`` tells."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    if not isinstance(root, yaml.MappingNode):
        return {}
    loader = yaml.constructor.SafeConstructor()
    return {
        loader.construct_object(key): key.start_mark.line + 1
        for key, _ in root.value
        if isinstance(key, yaml.ScalarNode)
    }
