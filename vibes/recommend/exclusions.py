"""Styles that exclude each other, read from ``config/lora_rules.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem, words
from vibes.errors import ConfigError
from vibes.prompts.lists import entries, read_lists
from vibes.prompts.styles import said
from vibes.settings import data_root

from .index import TAGS_READ

Styles = Mapping[str, str]
"""Group of styles, such as "medium", to the one of them a model has."""


@dataclass(frozen=True, slots=True)
class StyleRules:
    """Groups of styles that exclude each other; ``words`` maps what is said to (group, style)."""

    words: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def names(self) -> frozenset[str]:
        """All the styles."""
        return frozenset(style for places in self.words.values() for _, style in places)

    def asked(self, texts: Iterable[str]) -> dict[str, frozenset[str]]:
        """The styles a prompt asks for, by group."""
        found: dict[str, set[str]] = {}
        for text in texts:
            for word in said(text) & self.words.keys():
                for group, style in self.words[word]:
                    found.setdefault(group, set()).add(style)
        return {group: frozenset(styles) for group, styles in found.items()}

    def styles_of(self, record: ModelRecord) -> dict[str, str]:
        """A model's style of each group, where exactly one is told."""
        name = " ".join((stem(record.name), *words(record.name)))
        named = self.asked(
            (name, " ".join(words(record.name)), record.title or "", *record.triggers)
        )
        tagged = self.asked(record.tags[:TAGS_READ])
        return {
            group: next(iter(styles))
            for group, styles in {**tagged, **named}.items()
            if len(styles) == 1
        }


def clash(first: Styles, second: Styles) -> tuple[str, str] | None:
    """Two styles that exclude each other, the first's first; None where there are none."""
    for group, style in first.items():
        if second.get(group, style) != style:
            return style, second[group]
    return None


def against(styles: Styles, asked: Mapping[str, frozenset[str]]) -> tuple[str, str] | None:
    """A model's style that the prompt rules out, and one it asks for instead."""
    for group, style in styles.items():
        if group in asked and style not in asked[group]:
            return style, min(asked[group])
    return None


@lru_cache
def load_style_rules(path: Path) -> StyleRules:
    """Read a file of rules; ConfigError when it is not one."""
    data = read_lists(path, "LoRA rules")
    groups = data.get("exclusive")
    if data.keys() != {"exclusive"} or not isinstance(groups, dict):
        raise ConfigError("LoRA rules have exactly the key exclusive, with groups.", path=path)
    found: dict[str, list[tuple[str, str]]] = {}
    for group, styles in groups.items():
        for style, listed in _styles(group, styles, path):
            for word in entries(listed):
                found.setdefault(_whole(word), []).append((str(group), style))
    return StyleRules({word: tuple(places) for word, places in found.items()})


@lru_cache(maxsize=1)
def style_rules() -> StyleRules:
    """The rules that are used unless others are given."""
    return load_style_rules(data_root() / "config" / "lora_rules.yaml")


def _styles(group: Any, styles: Any, path: Path) -> list[tuple[str, str]]:
    if not isinstance(styles, dict) or not all(isinstance(text, str) for text in styles.values()):
        raise ConfigError(f"The group '{group}' maps styles to their words.", path=path)
    return [(str(style), text) for style, text in styles.items()]


def _whole(entry: str) -> str:
    """The longest of what an entry says: itself, in base form."""
    return max(said(entry), key=lambda words: (words.count(" "), len(words)))
