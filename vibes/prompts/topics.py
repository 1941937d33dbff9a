"""Topics: words about one thing, so that what was learned for one says something of all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from vibes.errors import ConfigError
from vibes.settings import data_root

from .lexicon import english
from .lists import entries, read_lists


@lru_cache
def load_topics(path: Path) -> Mapping[str, str]:
    """Keyword, in base form, to the name of its topic; ConfigError for a file that is not one."""
    found: dict[str, str] = {}
    for topic, words in read_lists(path, "topics").items():
        if not isinstance(words, str):
            raise ConfigError(f"The words of topic '{topic}' are one text.", path=path)
        for word in entries(words):
            word = english().lemma(word)
            if found.setdefault(word, str(topic)) != topic:
                message = f"'{word}' stands in the topics '{found[word]}' and '{topic}'."
                raise ConfigError(message, path=path)
    return found


@lru_cache(maxsize=1)
def topics() -> Mapping[str, str]:
    """The topics that are used unless others are given."""
    return load_topics(data_root() / "config" / "lexicons" / "topics.yaml")
