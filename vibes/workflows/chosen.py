"""What a node that chooses for itself chose in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vibes.prompts.graphs import Graph
from vibes.recipes import LoraUse


@dataclass(frozen=True, slots=True)
class Chosen:
    """Models in the spelling of the server that chose; None where the node chooses no checkpoint.

    ``outputs`` are the texts and numbers that came out of the node, by the number of the output,
    ``inert`` the names of LoRAs that changed no weight.
    """

    checkpoint: str | None
    loras: tuple[LoraUse, ...] = ()
    outputs: Mapping[int, str | int | float] = field(default_factory=dict)
    inert: frozenset[str] = frozenset()


Recall = Callable[[Graph, str], Chosen | None]
"""(graph, node id) -> what that node chose when it last ran; None where nobody remembers."""
