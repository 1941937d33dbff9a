"""The ``VIBES_*`` variables: misspelt ones, and the one that a faulty setting came from."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from typing import Any

from vibes.errors import ConfigError

from .lines import Place
from .models import Settings

PREFIX = "VIBES_"
_OTHERS = frozenset({"BROWSER"})
"""Not settings: the browser tests' Chromium."""


def refuse_misspelt() -> None:
    """ConfigError for a variable that is nearly a setting; what is like none may be another's."""
    known = [name.upper() for name in Settings.model_fields]
    for path in _paths():
        if path[0] in known or path[0] in _OTHERS:
            continue
        if near := difflib.get_close_matches(path[0], known, n=1, cutoff=0.7):
            raise ConfigError(f"{PREFIX}{path[0]} is no setting; did you mean {PREFIX}{near[0]}?")


def variable_of(
    place: Place, environment: Mapping[str, Any], *, below: Mapping[str, Any]
) -> str | None:
    """The variable to blame for ``place``, if any.

    ``environment`` are the values that came from variables, ``below`` those they were laid on.
    """
    depth, value = _reach(environment, place)
    if not depth:
        return None
    beneath = _reach(below, place[:depth])
    if depth < len(place) and _is_table(value) and beneath[0] == depth and _is_table(beneath[1]):
        return None  # the table was there before: what is wrong in it is none of the variable's
    here = [str(key).upper() for key in place[:depth]]
    related = [path for path in _paths() if _along(path, here)]
    longest = max(related, key=len, default=None)
    return PREFIX + "__".join(longest) if longest else None


def _reach(values: Mapping[str, Any], place: Place) -> tuple[int, Any]:
    """How many steps of ``place`` can be gone within tables, and what is found there."""
    here: Any = values
    for depth, key in enumerate(place):
        if not _is_table(here) or key not in here:
            return depth, here
        here = here[key]
    return len(place), here


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _along(path: list[str], other: list[str]) -> bool:
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


def _paths() -> list[list[str]]:
    """The names of all set variables, as in ``["TIERS", "SD15_DRAFT", "STEPS"]``."""
    return [
        name.upper()[len(PREFIX) :].split("__")
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and value
    ]
