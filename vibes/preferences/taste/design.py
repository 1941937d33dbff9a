"""An outcome as numbers: which features each image has, bundled where they always go together.

All features of one checkpoint (its bias, its keywords, its clusters) have the same part in each
image of a grid, so one column of the design stands for their weighted sum: a *bundle*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vibes.preferences.policy import GridOutcome

from .evidence import Block, Floats, Ints
from .model import OUTSIDE, UNFIT
from .prior import Key
from .scales import Moments
from .words import Words

Uses = list[tuple[str, float]]
Rows = dict[str, list[int]]


class Image(NamedTuple):
    """One image as it is learned from; images of a grid are sorted by all of it."""

    checkpoint: str
    loras: Uses
    picked: bool
    scores: list[tuple[str, float]]


@lru_cache(maxsize=1024)
def bucket(strength: float) -> str:
    """Strengths are learned in steps of 0.1."""
    return f"{round(strength, 1) + 0.0:g}"


class Design:
    """The features of one outcome's images; ``blocks`` lists them."""

    def __init__(self, images: Sequence[Image]):
        self.picked: Floats = np.array([image.picked for image in images], dtype=np.float64)
        self.blocks: list[Block] = []
        self._bundle: list[int] = []
        self._weight: list[float] = []
        self._width = 0
        self._images: list[int] = []  # with the two below, the entries of the matrix
        self._columns: list[int] = []
        self._parts: list[float] = []

    @property
    def bundle(self) -> Ints:
        """Which bundle each feature belongs to, in the order of the blocks."""
        return np.array(self._bundle, dtype=np.int64)

    @property
    def weight(self) -> Floats:
        """The part of each feature in its bundle."""
        return np.array(self._weight)

    def matrix(self) -> Floats:
        """The part each bundle has in each image, shape (images, bundles)."""
        count = len(self.picked)
        at = np.array(self._images) * self._width + np.array(self._columns)
        flat = np.bincount(at, np.array(self._parts), count * self._width).astype(np.float64)
        return flat.reshape(count, self._width)

    def items(self, words: Words, kind: str, shown: Rows) -> None:
        """Add checkpoints or LoRAs, each with the images that have it."""
        bundles = self._columns_of(shown)
        names = list(shown)
        for block, weight in zip(words.blocks(kind, names), words.weights.tolist(), strict=True):
            self.blocks.append(block)
            self._bundle += bundles
            self._weight += [weight] * len(bundles)

    def plain(self, head: Key, shown: Rows) -> None:
        """Add features that are bundles of their own, each with the images that have it."""
        self.blocks.append(Block(head, list(shown)))
        self._bundle += self._columns_of(shown)
        self._weight += [1.0] * len(shown)

    def number(self, head: Key, tail: str, images: Iterable[int], parts: Sequence[float]) -> None:
        """Add a feature of which each image has a part."""
        self.blocks.append(Block(head, [tail]))
        self._bundle.append(self._width)
        self._weight.append(1.0)
        self._images += images
        self._columns += [self._width] * len(parts)
        self._parts += parts
        self._width += 1

    def _columns_of(self, shown: Rows) -> range:
        before = len(self._images)
        bundles = range(self._width, self._width + len(shown))
        for bundle, images in zip(bundles, shown.values(), strict=True):
            self._images += images
            self._columns += [bundle] * len(images)
        self._parts += [1.0] * (len(self._images) - before)
        self._width += len(shown)
        return bundles


def design(
    outcome: GridOutcome, clusters: Mapping[str, str], scales: Mapping[str, Moments]
) -> Design:
    """The same for every order of images, LoRAs and keywords."""
    images = _in_order(outcome)
    made = Design(images)
    words = Words.of(sorted(outcome.keywords), clusters)
    _add_models(made, words, images)
    if outcome.relevance:
        _add_relevance(made, images, outcome.relevance)
    if outcome.features:
        _add_scores(made, images, scales)
    made.number((), OUTSIDE, range(len(images)), [-1.0] * len(images))
    return made


def _in_order(outcome: GridOutcome) -> list[Image]:
    scores = outcome.features or ({},) * len(outcome.candidates)
    return sorted(
        Image(
            candidate.checkpoint,
            sorted((use.name, use.strength) for use in candidate.loras),
            position in outcome.picked,
            sorted(scores[position].items()),
        )
        for position, candidate in enumerate(outcome.candidates)
    )


def _add_models(made: Design, words: Words, images: Sequence[Image]) -> None:
    checkpoints: Rows = {}
    loras: Rows = {}
    levels: Rows = {}
    pairs: dict[str, Rows] = {}
    strengths: dict[str, Rows] = {}
    for i, (checkpoint, uses, _, _) in enumerate(images):
        checkpoints.setdefault(checkpoint, []).append(i)
        for name, strength in uses:
            level = bucket(strength)
            loras.setdefault(name, []).append(i)
            levels.setdefault(level, []).append(i)
            pairs.setdefault(checkpoint, {}).setdefault(name, []).append(i)
            strengths.setdefault(name, {}).setdefault(level, []).append(i)
    made.items(words, "checkpoint", checkpoints)
    made.items(words, "lora", loras)
    for checkpoint, beside in pairs.items():
        made.plain(("checkpoint_lora", checkpoint), beside)
    for name, own in strengths.items():
        made.plain(("lora_strength", name), own)
    made.plain(("strength",), levels)


def _add_relevance(made: Design, images: Sequence[Image], fits: Mapping[str, float]) -> None:
    """How well models fit; and, where some LoRA was said to, how many of an image's do not."""
    everywhere = range(len(images))
    parts = [fits.get(image.checkpoint, 0.0) for image in images]
    if any(parts):
        made.number(("relevance",), "checkpoint", everywhere, parts)
    if not any(name in fits for image in images for name, _ in image.loras):
        return
    parts = [sum(fits.get(name, 0.0) for name, _ in image.loras) for image in images]
    if any(parts):
        made.number(("relevance",), "lora", everywhere, parts)
    unfit = [float(sum(not fits.get(name) for name, _ in image.loras)) for image in images]
    if any(unfit):
        made.number(("relevance",), UNFIT, everywhere, unfit)


def _add_scores(made: Design, images: Sequence[Image], scales: Mapping[str, Moments]) -> None:
    found: dict[str, tuple[list[int], list[float]]] = {}
    for i, image in enumerate(images):
        for name, score in image.scores:
            where, parts = found.setdefault(name, ([], []))
            where.append(i)
            parts.append(scales[name].standardised(score))
    for name, (where, parts) in sorted(found.items()):
        made.number(("score",), name, where, parts)
