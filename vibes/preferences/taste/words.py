"""A prompt's keywords as features know them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .evidence import Block, Floats


@dataclass(frozen=True, slots=True)
class Words:
    """The keywords of a prompt, each once, and the clusters they belong to.

    ``weights`` are those of an item's bias, keywords and clusters, in this order.
    """

    keywords: tuple[str, ...]
    clusters: tuple[str, ...]
    weights: Floats

    @classmethod
    def of(cls, keywords: Sequence[str], clusters: Mapping[str, str]) -> Words:
        """Keywords share their part by 1/sqrt(n), so that long prompts are no louder."""
        unique = tuple(dict.fromkeys(keywords))
        counts = Counter(clusters[keyword] for keyword in unique if keyword in clusters)
        share = 1 / math.sqrt(max(len(unique), 1))
        weights = [1.0, *[share] * len(unique), *(share * n for n in counts.values())]
        return cls(unique, tuple(counts), np.array(weights))

    def blocks(self, kind: str, names: Sequence[str]) -> Iterator[Block]:
        """Bias, keyword and cluster features of items, each block over all ``names``."""
        yield Block((kind,), names)
        for keyword in self.keywords:
            yield Block((f"keyword_{kind}", keyword), names)
        for cluster in self.clusters:
            yield Block((f"cluster_{kind}", cluster), names)
