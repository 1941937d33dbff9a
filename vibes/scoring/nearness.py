"""Which pictures lie near a text or a picture, and which are nearly the same.

Everything is compared with everything: below a million pictures an index would cost more than it
saves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vibes.prompts.encoders import Vectors

Hashes = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.intp]

SAME_COSINE = 0.95
SAME_BITS = 6
_BLOCK = 1024  # pictures; two blocks' cosines are 4 MB, which stay in the processor's cache
_BITS = np.array([number.bit_count() for number in range(256)], dtype=np.uint8)


def nearest(vectors: Vectors, query: Vectors, count: int) -> tuple[Indices, Vectors]:
    """The rows of ``vectors`` (n, d) nearest to ``query`` (d,), with their cosines, nearest first.

    All are of unit length, ``query`` is a text's or a picture's; at most ``count`` are given.
    """
    if not len(vectors):
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    cosines = vectors @ query
    count = min(count, len(cosines))
    best = np.argpartition(cosines, len(cosines) - count)[len(cosines) - count :]
    best = best[np.lexsort((best, -cosines[best]))]
    return best, cosines[best]


def near_duplicates(
    vectors: Vectors, phashes: Hashes, *, cosine: float = SAME_COSINE, bits: int = SAME_BITS
) -> list[tuple[int, ...]]:
    """Groups of pictures that are nearly the same: rows of ``vectors`` (n, d), unit length.

    Two are when their cosine is above ``cosine`` and their perceptual hashes differ by at most
    ``bits``; groups join where they share a picture. Groups are sorted by their first picture.
    """
    links = np.arange(len(vectors))
    for ones, others in _near_pairs(vectors, cosine):
        close = differing_bits(phashes[ones], phashes[others]) <= bits
        _join(links, ones[close], others[close])
    return _groups(_roots(links))


def differing_bits(ones: Hashes, others: Hashes) -> npt.NDArray[np.intp]:
    """How many of 64 bits differ, pair by pair."""
    different = np.ascontiguousarray(ones ^ others).view(np.uint8).reshape(-1, 8)
    counts: npt.NDArray[np.intp] = _BITS[different].sum(axis=1, dtype=np.intp)
    return counts


def _near_pairs(vectors: Vectors, cosine: float) -> Iterator[tuple[Indices, Indices]]:
    """Every pair above a cosine once, block by block."""
    starts = range(0, len(vectors), _BLOCK)
    for first in starts:
        block = vectors[first : first + _BLOCK]
        for second in range(first, len(vectors), _BLOCK):
            near = block @ vectors[second : second + _BLOCK].T > cosine
            if not near.any():
                continue
            ones, others = np.nonzero(np.triu(near, 1) if first == second else near)
            yield ones + first, others + second


def _join(links: Indices, ones: Indices, others: Indices) -> None:
    """Union-find, all pairs at once: each links to one before it in its group, the first to itself.

    What is joined halves about with each turn.
    """
    while len(ones):
        roots = _roots(links)
        ones, others = roots[ones], roots[others]
        apart = ones != others
        ones, others = ones[apart], others[apart]
        np.minimum.at(links, np.maximum(ones, others), np.minimum(ones, others))


def _roots(links: Indices) -> Indices:
    """The first of each picture's group."""
    roots = links
    while not np.array_equal(further := roots[roots], roots):
        roots = further
    return roots


def _groups(roots: Indices) -> list[tuple[int, ...]]:
    order = np.argsort(roots, kind="stable")
    starts = np.flatnonzero(np.diff(roots[order])) + 1
    return [tuple(group.tolist()) for group in np.split(order, starts) if len(group) > 1]
