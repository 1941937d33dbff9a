"""The funnel 20 → 8 → 3 → 1 as pure decisions: what may be done, and what follows.

Nothing here touches a server or a database: every function takes values and returns values.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from vibes.errors import Conflict, ForeignImage, InvalidInput
from vibes.settings import Stage

from .session import Grid, Image

Iteration = Literal["advance", "refine", "more_like_this"]


def with_selection(grid: Grid, selected: Sequence[str] | None) -> Grid:
    """The grid with exactly ``selected`` picked; None keeps the stored selection.

    Raises ForeignImage for an id that is not one of this grid's images.
    """
    if selected is None:
        return grid
    picked = set(selected)
    foreign = picked - {image.id for image in grid.images}
    if foreign:
        raise ForeignImage(
            f"selected names image '{min(foreign)}', which is not in batch '{grid.id}'. "
            "Send only ids of that batch's images."
        )
    return replace(grid, images=tuple(_choose(image, picked) for image in grid.images))


def _choose(image: Image, picked: Collection[str]) -> Image:
    if image.id in picked:
        return replace(image, selection="selected")
    return image if image.selection == "rejected" else replace(image, selection="none")


def check_iteration(grid: Grid, action: Iteration, stages: Sequence[Stage]) -> None:
    """Refuse an iteration the grid does not allow; the message says what to do instead."""
    picks = grid.selected
    if grid.stage >= len(stages):
        raise Conflict(
            f"This grid is of stage {grid.stage + 1}, but only {len(stages)} are configured now. "
            "Go back to an earlier stage, or give stages.yaml its former stages."
        )
    if action == "advance" and grid.stage + 1 >= len(stages):
        raise Conflict(
            f"'{stages[-1].name}' is the last stage: there is nothing to advance to. "
            "Save the picture, refine it, or go back."
        )
    if not picks:
        raise InvalidInput("Nothing is picked in this grid. Pick at least one image first.")
    if action == "advance" and len(picks) > stages[grid.stage + 1].size:
        room = stages[grid.stage + 1].size
        raise InvalidInput(
            f"{len(picks)} images are picked, but the next stage holds {room}. "
            f"Unpick {len(picks) - room}."
        )
    unfinished = [image for image in picks if image.state != "collected"]
    if unfinished:
        raise Conflict(
            f"Picked image {unfinished[0].index + 1} has no picture yet. Wait for it or unpick it."
        )
    binned = [image for image in picks if image.binned is not None]
    if binned:
        raise Conflict(
            f"Picked image {binned[0].index + 1} is in the bin. Restore it or unpick it."
        )


def submitted(grid: Grid) -> Grid:
    """The grid as it is left: picks stay, other pictures are rejected, the rest cancelled."""
    return replace(grid, outcome="submitted", images=tuple(_leave(image) for image in grid.images))


def rejected(grid: Grid) -> Grid:
    """The grid rejected as a whole: every shown image, picked or not, is rejected."""
    images = tuple(_leave(replace(image, selection="none")) for image in grid.images)
    return replace(grid, outcome="rejected", images=images)


def _leave(image: Image) -> Image:
    if image.state in ("planned", "submitted"):
        return replace(image, state="cancelled", selection="none")
    if image.state != "collected":
        return replace(image, selection="none")
    return image if image.selection == "selected" else replace(image, selection="rejected")


def shown(grid: Grid) -> tuple[Image, ...]:
    """The images that were seen: only these can teach."""
    return tuple(image for image in grid.images if image.state == "collected")
