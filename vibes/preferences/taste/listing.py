"""Learned features as a list for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .belief import Beliefs
from .effects import Effect
from .evidence import GRIDS, SELECTED, TOTAL, Block, Ints
from .prior import Key


def listed(beliefs: Beliefs, blocks: Sequence[Block], limit: int | None) -> list[Effect]:
    """The features in their order; with a limit, so many that surely matter most, first."""
    positions = beliefs.own.find(blocks)
    belief = beliefs.after(blocks)
    sd = np.sqrt(belief.variance)
    wanted = np.arange(len(sd))
    if limit is not None:
        wanted = np.argsort(sd - np.abs(belief.mean), kind="stable")[:limit]
    counts = beliefs.own.read(positions[wanted])
    return [
        Effect(
            kind=kind,
            parts=tuple(parts),
            mean=float(belief.mean[i]),
            sd=float(sd[i]),
            grids=int(count[GRIDS]),
            selected=int(count[SELECTED]),
            total=int(count[TOTAL]),
        )
        for i, (kind, *parts), count in zip(wanted, _keys(blocks, wanted), counts, strict=True)
    ]


def _keys(blocks: Sequence[Block], wanted: Ints) -> Iterator[Key]:
    """The names of features by their number, block after block."""
    ends = np.cumsum([len(block.tails) for block in blocks])
    for i, place in zip(wanted.tolist(), np.searchsorted(ends, wanted, "right"), strict=True):
        head, tails = blocks[place]
        yield (*head, tails[i - int(ends[place])])  # counted from the block's end
