"""Scorers of others: preference models and aesthetic predictors, found by their entry points.

A package offers one in its ``pyproject.toml``::

    [project.entry-points."vibes.scorers"]
    aesthetic = "package.module:Scorer"

where ``Scorer()`` is a ``Scorer`` as below. None comes with Vibes, and none is used before
``scoring: {plugins: [aesthetic]}`` names it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from PIL import Image

from vibes.errors import ScoringUnavailable

GROUP = "vibes.scorers"


class Scorer(Protocol):
    """Gives pictures a number; larger is better, what it means is the scorer's own."""

    version: str
    licence: str
    """Under which its weights may be used."""

    def score(self, pictures: Sequence[Image.Image], prompts: Sequence[str]) -> Sequence[float]:
        """One number for each picture, made for the prompt at its place."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """A scorer under the name its numbers are stored by."""

    name: str
    scorer: Scorer

    def score(self, pictures: Sequence[Image.Image], prompts: Sequence[str]) -> list[float]:
        """One number for each picture; raises ScoringUnavailable for a scorer that fails."""
        try:
            found = [float(value) for value in self.scorer.score(pictures, prompts)]
        except Exception as error:  # a stranger's code may raise anything
            raise ScoringUnavailable(f"The scorer '{self.name}' failed: {error}") from error
        if len(found) != len(pictures) or not all(map(math.isfinite, found)):
            raise ScoringUnavailable(
                f"The scorer '{self.name}' did not give one finite number for each picture."
            )
        return found


def offered() -> dict[str, EntryPoint]:
    """The installed scorers by name; none is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_plugins(names: Iterable[str]) -> list[Plugin]:
    """The scorers of these names; raises ScoringUnavailable for the first that cannot be used."""
    there = offered()
    return [_loaded(name, there) for name in names]


def _loaded(name: str, there: dict[str, EntryPoint]) -> Plugin:
    if name not in there:
        known = f"installed are {', '.join(there)}" if there else "none is installed"
        raise ScoringUnavailable(f"There is no scorer '{name}': {known}.")
    try:
        scorer = there[name].load()()
    except Exception as error:  # a stranger's code may raise anything
        raise ScoringUnavailable(f"The scorer '{name}' does not load: {error}") from error
    for field in ("version", "licence"):
        if not isinstance(getattr(scorer, field, None), str) or not getattr(scorer, field):
            raise ScoringUnavailable(f"The scorer '{name}' does not say its {field}: not used.")
    return Plugin(name, scorer)
