"""YAML files that remember on which line everything was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vibes.errors import ConfigError

Place = tuple[str | int, ...]
"""Keys and list indices from the top of a file, as in ``("servers", 0, "url")``."""


@dataclass(frozen=True)
class Document:
    """One YAML file: its values, and the line (from 1) of every key and list item."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int | None:
        """The line of ``place``, or of the nearest thing around it; None for an empty file."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return None


def read_document(path: Path) -> Document:
    """Read one file; ConfigError when it cannot be read or says one thing twice."""
    text = _read_text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = dict(_lines(root, path)) if root else {}
        data = yaml.safe_load(text) if root else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(f"this is not YAML: {error.problem}.", path=path, line=line) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"this is not YAML: {reason}.", path=path) from error
    if not isinstance(data, dict):
        raise ConfigError("a table of settings is expected here, as 'key: value'.", path=path)
    return Document(path, {str(key): value for key, value in data.items()}, lines)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ConfigError(f"this file cannot be read: {reason}.", path=path) from error
    except UnicodeDecodeError as error:
        raise ConfigError("this file is not text in UTF-8.", path=path) from error


def _lines(root: yaml.Node, path: Path) -> Iterator[tuple[Place, int]]:
    """Each place with its line; an aliased value counts where it was written first."""
    waiting: list[tuple[Place, yaml.Node]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        place, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        for key, line, value in _children(node, path):
            yield (*place, key), line
            waiting.append(((*place, key), value))


def _children(node: yaml.Node, path: Path) -> Iterator[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError("a key must be a single word.", path=path, line=line)
            if key.value in first:
                sentence = f"'{key.value}' was already given on line {first[key.value]}."
                raise ConfigError(sentence, path=path, line=line)
            first[key.value] = line
            yield key.value, line, value
