"""What a workflow decides itself: its own values where it has no slot for a recipe to fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vibes.prompts.graphs import Graph
from vibes.recipes import Recipe

from .chosen import Chosen
from .making import read_making
from .template import Template

SAMPLED = ("steps", "cfg", "sampler", "scheduler")
_DECIDABLE = (*SAMPLED, "denoise", "width", "height")

Constant = int | float | str


@dataclass(frozen=True, slots=True)
class Constants:
    """Values by the recipe's names; ``untold`` are decided, too, but the graph does not tell how.

    The size is the one a picture begins with, as in ``Making``.
    """

    told: Mapping[str, Constant]
    untold: tuple[str, ...]

    def within(self, recipe: Recipe) -> Recipe:
        """The recipe as it comes out of the workflow, whatever else was planned."""
        told: dict[str, Any] = dict(self.told)
        return replace(recipe, **told, untold=self.untold)

    @property
    def by_name(self) -> dict[str, Constant | None]:
        """All that is decided here; None for what is not told."""
        return {**self.told, **dict.fromkeys(self.untold)}


def constants_of(template: Template) -> Constants:
    """What a template decides, as far as its graph tells by the last sampler."""
    making = read_making(template.graph, template.outputs["image"], _recall_nothing)
    values = {name: getattr(making, name) for name in _DECIDABLE if name not in template.slots}
    told = {name: value for name, value in values.items() if value is not None}
    return Constants(told, tuple(name for name in values if name not in told))


def _recall_nothing(graph: Graph, node_id: str) -> Chosen | None:
    """A template has not run."""
