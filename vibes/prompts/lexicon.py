"""The word lists behind keywords, read from ``config/lexicons/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from vibes.errors import ConfigError
from vibes.settings import data_root


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What words do in prompts; the file says what each list means. Entries are lower case."""

    stop_words: frozenset[str]
    negators: frozenset[str]
    quality: frozenset[str]
    fillers: frozenset[str]
    phrases: frozenset[str]
    modifiers: frozenset[str]
    nouns: frozenset[str]
    generic: frozenset[str]
    singular_in_s: frozenset[str]
    lemmas: Mapping[str, str]  # form to base form

    def lemma(self, word: str) -> str:
        """Base form of a lower-case word or phrase; of a regular plural, its singular."""
        if word in self.lemmas:
            return self.lemmas[word]
        if len(word) < 4 or not word.isalpha() or word in self.singular_in_s:
            return word
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if word.endswith(("sses", "shes", "ches", "xes")):
            return word[:-2]
        return word[:-1] if word.endswith("s") and word[-2] not in "sui" else word

    def is_noun(self, word: str) -> bool:
        """Whether a word taken out of a longer term can stand on its own."""
        if word in self.nouns:
            return True
        return word not in self.modifiers and not word.endswith(("ing", "ed", "ly"))


@lru_cache
def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file; ConfigError when it is not one."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The lexicon cannot be read: {error.strerror}.", path=path) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise ConfigError("The lexicon is not valid YAML.", path=path, line=line) from error
    return _lexicon(data, path)


@lru_cache(maxsize=1)
def english() -> Lexicon:
    """The lexicon that is used unless another is given."""
    return load_lexicon(data_root() / "config" / "lexicons" / "english.yaml")


def _lexicon(data: Any, path: Path) -> Lexicon:
    names = {field.name for field in fields(Lexicon)}
    if not isinstance(data, dict) or data.keys() != names:
        raise ConfigError(f"A lexicon has exactly the keys {', '.join(sorted(names))}.", path=path)
    lemmas = data.pop("lemmas")
    lists = {name: _entries(name, text, path) for name, text in data.items()}
    if not isinstance(lemmas, dict):
        raise ConfigError("'lemmas' maps base forms to their other forms.", path=path)
    forms = {form: base for base, text in lemmas.items() for form in _entries(base, text, path)}
    return Lexicon(**lists, lemmas=forms)


def _entries(name: str, text: Any, path: Path) -> frozenset[str]:
    if not isinstance(text, str):
        raise ConfigError(f"'{name}' is one string of entries with commas.", path=path)
    return frozenset(" ".join(entry.split()).casefold() for entry in text.split(",")) - {""}
