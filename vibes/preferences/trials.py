"""Grids as trials of what learning is worth: the policy's choices beside uniform probes."""

from __future__ import annotations

from typing import NamedTuple

from .events import GridEvent


class Trial(NamedTuple):
    """Images of one grid, chosen by the policy and drawn uniformly, and how many were picked."""

    chosen: int
    chosen_picked: int
    probes: int
    probes_picked: int


def trial(event: GridEvent) -> Trial | None:
    """The grid as a trial; None for one of a later stage, or that lacks probes or choices.

    What the user decided himself is neither the policy's choice nor drawn.
    """
    if event.stage:
        return None
    probes = [image.picked for image in event.images if image.probe and not image.decided]
    chosen = [image.picked for image in event.images if not image.probe and not image.decided]
    if not probes or not chosen:
        return None
    return Trial(len(chosen), sum(chosen), len(probes), sum(probes))
