"""Facts as JSON: what the node pack tells a studio of its files."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, get_args

from .facts import interned
from .foreign import count, line, sha256, strength
from .records import NOTHING, Facts, FamilySource
from .triggers import MAX_TAGS, phrases

_LONGEST_FAULT = 1000  # characters; it names the file
_WORD = re.compile(r"[a-z0-9_]{1,40}")  # a family or a branch
_SOURCES = {source: source for source in get_args(FamilySource)}


def facts_to_dict(facts: Facts) -> dict[str, Any]:
    """JSON-ready form, without what is not known; ``facts_from_dict`` inverts it exactly."""
    names = [field.name for field in dataclasses.fields(facts)]
    found = {name: getattr(facts, name) for name in names}
    return {name: value for name, value in found.items() if value != getattr(NOTHING, name)}


def facts_from_dict(data: object) -> Facts:
    """The facts another program tells.

    A field that is not as ``facts_of`` makes it counts as absent, so that a strange server can tell
    nothing worse than nothing.
    """
    if not isinstance(data, dict):
        return NOTHING
    found = {name: check(data[name]) for name, check in _CHECKS.items() if name in data}
    told: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    if "family" in told and told.get("family_source", "unknown") == "unknown":
        del told["family"]
    if len(told.get("tag_counts", ())) not in (0, len(told.get("tags", ()))):
        del told["tag_counts"]
    return Facts(**told)


def _word(value: object) -> str | None:
    fits = isinstance(value, str) and _WORD.fullmatch(value)
    return sys.intern(str(value)) if fits else None


def _source(value: object) -> str | None:
    return _SOURCES.get(value) if isinstance(value, str) else None


def _phrases(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        return None
    return interned(phrases(value))


def _counts(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or len(value) > MAX_TAGS:
        return None
    return tuple(value) if all(count(number) is not None for number in value) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "family": _word,
    "family_source": _source,
    "branch": _word,
    "triggers": _phrases,
    "tags": _phrases,
    "tag_counts": _counts,
    "title": line,
    "rank": count,
    "modules": count,
    "sha256": sha256,
    "popularity": count,
    "strength": strength,
    "has_preview": _flag,
    "fault": lambda value: line(value, _LONGEST_FAULT),
}
