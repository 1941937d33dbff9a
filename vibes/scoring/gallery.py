"""The pictures of an archive beside each other: near a text or a picture, or nearly the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vibes.prompts.encoders import Vectors

from .archive import Result
from .nearness import Hashes, near_duplicates, nearest
from .records import Embeddings


class Near(NamedTuple):
    """A picture and the cosine of what it shows with what was looked for."""

    path: Path
    cosine: float


class Gallery(NamedTuple):
    """A row for each picture: its files, of which equal ones share a row, and what it shows."""

    files: list[list[Path]]
    vectors: Vectors
    phashes: Hashes

    def near(self, vector: Vectors, count: int) -> list[Near]:
        """The files whose pictures lie nearest to a vector (d,), nearest first."""
        rows, cosines = nearest(self.vectors, vector, count)
        found = zip(rows.tolist(), cosines.tolist(), strict=True)
        return [Near(path, cosine) for row, cosine in found for path in self.files[row]][:count]

    def duplicates(self) -> list[list[Path]]:
        """Groups of files whose pictures are nearly the same, in the order of their first ones."""
        grouped = near_duplicates(self.vectors, self.phashes)
        alone = set(range(len(self.files))).difference(*grouped)
        groups = [*grouped, *((row,) for row in alone)]
        found = [[path for row in group for path in self.files[row]] for group in sorted(groups)]
        return [group for group in found if len(group) > 1]


def gallery(results: Iterable[Result], embeddings: Embeddings) -> Gallery:
    """The pictures among the results that a model has seen, in their order."""
    rows = {pixels: row for row, pixels in enumerate(embeddings.pixel_hashes)}
    files: dict[int, list[Path]] = {}
    phashes: list[int] = []
    for one in results:
        row = rows.get(one.record.pixel_hash or "") if one.record else None
        if row is None or one.record is None:
            continue
        if row not in files:
            phashes.append(one.record.phash or 0)
        files.setdefault(row, []).append(one.path)
    vectors = embeddings.vectors[list(files)]
    return Gallery(list(files.values()), vectors, np.array(phashes, dtype=np.uint64))
