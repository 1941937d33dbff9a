"""What a node that chooses for itself chose in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vibes.recipes import LoraUse


@dataclass(frozen=True, slots=True)
class Chosen:
    """Models in the spelling of the server that chose; None where the node chooses no checkpoint.

    ``prompt`` is the text the node gave out, None where it gives none.
    """

    checkpoint: str | None
    loras: tuple[LoraUse, ...] = ()
    prompt: str | None = None


Recall = Callable[[Mapping[str, Any], str], Chosen | None]
"""(graph, node id) -> what that node chose when it last ran; None where nobody remembers."""
