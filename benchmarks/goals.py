"""Figures against their goals, and how every benchmark ends: told, in JSON if asked, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Goals = Mapping[str, tuple[Callable[[Any, Any], bool], float]]
"""By figure: how it must compare, and with what."""


def verdict(figures: Mapping[str, Any], goals: Goals) -> dict[str, bool]:
    """For every figure with a goal whether it is met; a figure that is not there has none."""
    return {
        name: bool(compare(figures[name], bound))
        for name, (compare, bound) in goals.items()
        if name in figures
    }


def finish(figures: Mapping[str, Any], met: Mapping[str, bool], *, as_json: bool) -> NoReturn:
    """Say what was met and end the process, with 1 where something was missed."""
    for goal, is_met in met.items():
        print(f"{'met   ' if is_met else 'MISSED'} {goal}")
    if as_json:
        print(json.dumps({**figures, "goals": met}))
    sys.exit(0 if all(met.values()) else 1)
