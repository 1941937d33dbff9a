"""The table of everything learned: one row of numbers per feature, found by its names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .prior import Key

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ETA, LAM, SEEN, GRIDS, SELECTED, TOTAL = range(6)
"""Columns: precision-weighted mean, precision, clock of the last touch, and plain counts."""

_START = 256  # features an empty table has room for


class Block(NamedTuple):
    """Features that differ in their last part alone; ``head`` is the kind and the other parts."""

    head: Key
    tails: Sequence[str]

    @property
    def kind(self) -> str:
        """What the features are about; one without parts is its own kind."""
        return self.head[0] if self.head else self.tails[0]

    @property
    def keys(self) -> list[Key]:
        """The features by name."""
        return [(*self.head, tail) for tail in self.tails]


class Evidence:
    """Numbers per feature; features are only ever added, so that reading beside it is safe.

    ``clock`` counts the grids learned from, by their weight; evidence fades with it.
    """

    def __init__(self) -> None:
        self.clock = 0.0
        self._rows: dict[Key, dict[str, int]] = {}
        self._numbers: Floats = np.zeros((_START, 6))
        self._size = 0

    def copy(self) -> Evidence:
        """The same numbers, which go their own way from here on."""
        twin = Evidence()
        twin.clock, twin._size = self.clock, self._size
        twin._rows = {head: dict(row) for head, row in self._rows.items()}
        twin._numbers = self._numbers.copy()
        return twin

    def find(self, blocks: Sequence[Block]) -> Ints:
        """Position of each feature, block after block; -1 where it was never seen."""
        found: list[int] = []
        for head, tails in blocks:
            row = self._rows.get(head)
            if row is None:
                found += [-1] * len(tails)
            else:
                get = row.get
                found += [get(tail, -1) for tail in tails]
        return np.array(found, dtype=np.int64)

    def intern(self, blocks: Sequence[Block]) -> Ints:
        """Position of each feature, made where it is new."""
        found: list[int] = []
        for head, tails in blocks:
            row = self._rows.setdefault(head, {})
            for tail in tails:
                position = row.get(tail)
                if position is None:
                    position = row[tail] = self._size
                    self._size += 1
                found.append(position)
        while self._size > len(self._numbers):
            self._numbers = np.concatenate([self._numbers, np.zeros_like(self._numbers)])
        return np.array(found, dtype=np.int64)

    def read(self, positions: Ints) -> Floats:
        """A copy of the features' numbers, shape (features, 6); zeros where a position is -1."""
        numbers: Floats = self._numbers[positions]
        numbers[positions < 0] = 0.0
        return numbers

    def write(self, positions: Ints, numbers: Floats) -> None:
        """Replace the numbers of features."""
        self._numbers[positions] = numbers

    def blocks(self, kind: str | None = None) -> list[Block]:
        """The features that were seen, of one kind or of all, in the order of their names."""
        heads = sorted(head for head in self._rows if kind is None or head[:1] == (kind,))
        return [Block(head, sorted(self._rows[head])) for head in heads]

    def items(self) -> Iterator[tuple[Key, Floats]]:
        """Every feature with its numbers, in an order that depends on the content alone."""
        blocks = self.blocks()
        numbers = self.read(self.find(blocks))
        keys = (key for block in blocks for key in block.keys)
        yield from zip(keys, numbers, strict=True)
