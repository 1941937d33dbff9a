"""Styles: axes such as realistic ↔ drawn, and the words that speak for either side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from vibes.errors import ConfigError
from vibes.settings import data_root

from .lexicon import english
from .lists import read_lists

_LONGEST_PHRASE = 3  # words


@dataclass(frozen=True, slots=True)
class Side:
    """One end of an axis; ``words`` are as from ``said``."""

    name: str
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Axis:
    """Two styles that exclude each other, more or less."""

    name: str
    left: Side
    right: Side


@lru_cache
def load_styles(path: Path) -> tuple[Axis, ...]:
    """Read a file of axes; ConfigError when it is not one."""
    data = read_lists(path, "styles")
    return tuple(_axis(str(name), sides, path) for name, sides in data.items())


@lru_cache(maxsize=1)
def styles() -> tuple[Axis, ...]:
    """The axes that are used unless others are given."""
    return load_styles(data_root() / "config" / "lexicons" / "styles.yaml")


def _axis(name: str, sides: Any, path: Path) -> Axis:
    if not isinstance(sides, dict) or sides.keys() != {"left", "right"}:
        raise ConfigError(f"The axis '{name}' has exactly the sides left and right.", path=path)
    return Axis(name, *(_side(name, sides[which], path) for which in ("left", "right")))


def _side(axis: str, data: Any, path: Path) -> Side:
    if not isinstance(data, dict) or data.keys() != {"name", "words"}:
        raise ConfigError(f"A side of the axis '{axis}' has a name and words.", path=path)
    if not all(isinstance(value, str) for value in data.values()):
        raise ConfigError(f"Name and words of the axis '{axis}' are texts.", path=path)
    words = frozenset(" ".join(_base_forms(word)) for word in data["words"].split(","))
    return Side(data["name"], words - {""})


@lru_cache(maxsize=1 << 16)
def said(text: str) -> frozenset[str]:
    """The words of a text in lower case and base form, and its phrases of a few words."""
    words = _base_forms(text)
    return frozenset(
        " ".join(words[start : start + length])
        for length in range(1, _LONGEST_PHRASE + 1)
        for start in range(len(words) - length + 1)
    )


def _base_forms(text: str) -> list[str]:
    signs = "".join(sign if sign.isalnum() else " " for sign in text.casefold())
    return [english().lemma(word) for word in signs.split()]
