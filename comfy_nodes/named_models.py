"""Models that a person names in a node."""

from __future__ import annotations

from vibes.workflows import parse_loras

from .local_files import spelling


def check_models(checkpoint: str | None, loras: str | None) -> None:
    """Raise NotFound, AmbiguousName or InvalidInput for what is not here; empty names nothing.

    ``loras`` is a list as in ``name:0.7, other name:0.5``.
    """
    if checkpoint:
        spelling("checkpoint", checkpoint)
    for use in parse_loras(loras or ""):
        spelling("lora", use.name)
