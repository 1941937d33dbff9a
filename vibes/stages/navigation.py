"""Walking the tree of a session's grids: back, forward, and one stage back after a rejection.

Advancing again from an older grid grows a new branch; the older one stays. Grids made from a
prompt are roots, ordered by creation: back from a root leads to the root before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .session import Grid


def path_to(grids: Sequence[Grid], grid_id: str | None) -> list[Grid]:
    """The grids from the root down to ``grid_id``; empty when that is None."""
    by_id = {grid.id: grid for grid in grids}
    path: list[Grid] = []
    while grid_id is not None:
        grid = by_id[grid_id]
        path.append(grid)
        grid_id = grid.parent_id
    return path[::-1]


def back(grids: Sequence[Grid], here: str | None) -> Grid | None:
    """The parent of the current grid, or for a root the root made before it."""
    if here is None:
        return _latest([grid for grid in grids if grid.parent_id is None])
    grid = _find(grids, here)
    if grid.parent_id is not None:
        return _find(grids, grid.parent_id)
    roots = [grid for grid in grids if grid.parent_id is None]
    position = roots.index(grid)
    return roots[position - 1] if position else None


def forward(grids: Sequence[Grid], here: str | None) -> Grid | None:
    """The child visited last, or for a root without children the root made after it."""
    if here is None:
        return None
    grid = _find(grids, here)
    children = [child for child in grids if child.parent_id == here]
    if children or grid.parent_id is not None:
        return _latest(children)
    roots = [root for root in grids if root.parent_id is None]
    position = roots.index(grid)
    return roots[position + 1] if position + 1 < len(roots) else None


def one_stage_back(grids: Sequence[Grid], grid: Grid) -> Grid | None:
    """The nearest ancestor at an earlier stage: where a rejection leads; None from stage 0."""
    ancestors = path_to(grids, grid.id)[:-1]
    earlier = [ancestor for ancestor in ancestors if ancestor.stage < grid.stage]
    return earlier[-1] if earlier else None


def _find(grids: Sequence[Grid], grid_id: str) -> Grid:
    return next(grid for grid in grids if grid.id == grid_id)


def _latest(grids: Sequence[Grid]) -> Grid | None:
    return max(grids, key=lambda grid: grid.visit, default=None)
