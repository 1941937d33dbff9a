"""Which checkpoints suit a prompt before any pick exists: by words, by style, by their fame."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from vibes.catalog import ModelRecord
from vibes.catalog.names import words
from vibes.errors import ConfigError
from vibes.prompts import topics
from vibes.prompts.lists import entries, read_lists
from vibes.settings import data_root

from .library import ModelLibrary
from .phrases import base_words

SUITS = 0.6  # relevance of a checkpoint made for a style the prompt asks for
TOPICAL = 0.4  # of one that is good at what the prompt is about

Fame = Mapping[tuple[str, ...], tuple[str, ...]]
"""Words of a checkpoint's name, in order, to what it is good at."""


def checkpoint_fits(
    keywords: Sequence[str], library: ModelLibrary, among: Collection[str]
) -> dict[str, float]:
    """Checkpoint name to 0..1, for those ``among`` the library that suit the prompt.

    One made for another style than the prompt asks for suits it not at all.
    """
    fits = library.fits(keywords, among=among)
    asked = frozenset().union(*library.rules.asked(keywords).values())
    about = _about(keywords)
    found = {}
    for name in among:
        good_at = strong_points(library, name)
        drawn = good_at & library.rules.names
        if asked and drawn and not asked & drawn:
            continue
        fit = fits[name].relevance if name in fits else 0.0
        fit = max(fit, SUITS * bool(asked & drawn), TOPICAL * bool(about & good_at))
        if fit:
            found[name] = fit
    return found


def strong_points(library: ModelLibrary, name: str) -> frozenset[str]:
    """Styles and topics a checkpoint is good at, by its own words and by its fame."""
    own = library.styles.get(name, {}).values()
    return frozenset(own) | _famous_for(library.records[name])


@lru_cache
def load_fame(path: Path) -> Fame:
    """Read a file of styles with the checkpoints known for them; ConfigError for another one."""
    found: dict[tuple[str, ...], list[str]] = {}
    for style, names in read_lists(path, "known checkpoints").items():
        if not isinstance(names, str):
            raise ConfigError(f"The checkpoints known for '{style}' are one text.", path=path)
        for name in entries(names):
            found.setdefault(tuple(name.casefold().split()), []).append(str(style))
    return {name: tuple(styles) for name, styles in found.items()}


def _famous_for(record: ModelRecord) -> frozenset[str]:
    fame = load_fame(data_root() / "config" / "lexicons" / "checkpoints.yaml")
    texts = (words(record.name), words(record.title or ""), (record.branch or "",))
    return frozenset(style for text in texts for run in _runs(text) for style in fame.get(run, ()))


def _runs(text: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Every few neighbours, also written in one: "Realistic_Vision" is "realisticvision" too."""
    for start in range(len(text)):
        for end in range(start + 1, min(start + 6, len(text)) + 1):
            yield tuple(text[start:end])
            yield ("".join(text[start:end]),)


def _about(keywords: Iterable[str]) -> frozenset[str]:
    """The prompt's words and the topics they belong to."""
    said = {word for keyword in keywords for word in (keyword, *base_words(keyword))}
    return frozenset(said | {topics()[word] for word in said if word in topics()})
