"""Inputs that several nodes have."""

from __future__ import annotations

from comfy_api.latest import io


def seed_input() -> io.Int.Input:
    """Return the input a choice depends on, with the editor's "control after generate"."""
    return io.Int.Input(
        "seed", default=0, min=0, max=2**64 - 1, control_after_generate=True, optional=True
    )
