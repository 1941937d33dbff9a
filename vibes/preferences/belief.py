"""What a selection rate is believed to be before it is fully known.

Every belief starts from the rate over everything shown, moves towards what the metadata promise,
and then towards each observed rate from the general to the particular, as far as that rate's
confidence reaches. Where a profile is blended with everybody, each step looks at everybody first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .rates import confidence
from .tally import Parts, Tally

USUAL_RATE = 0.3  # of drafts picked before anything is known; counts as 20 images
USUAL_IMAGES = 20
PROMISE = 0.3  # how far full relevance moves a belief towards 1
PRIOR_IMAGES = 5  # what a belief without evidence is worth, in images


@dataclass(frozen=True, slots=True)
class Belief:
    """An expected rate, and how many images the expectation is worth."""

    mean: float
    images: float

    @property
    def spread(self) -> float:
        """Standard deviation of the Beta distribution of this mean and weight."""
        return math.sqrt(self.mean * (1 - self.mean) / (self.images + 1))

    def draw(self, rng: np.random.Generator) -> float:
        """One rate this belief holds possible."""
        mean = min(max(self.mean, 0.01), 0.99)  # Beta needs both of its parameters above 0
        return float(rng.beta(mean * self.images, (1 - mean) * self.images))


@dataclass(frozen=True)
class Beliefs:
    """The beliefs of one profile about one prompt's keywords; ``everyone`` is the prior."""

    own: Tally
    everyone: Tally | None
    keywords: Sequence[str]
    relevance: Mapping[str, float]

    @property
    def base(self) -> float:
        """The rate expected of an image nothing particular is known about."""
        rate = USUAL_RATE
        for tally in self._tallies():
            seen = tally.overall
            rate = (seen.selected + USUAL_IMAGES * rate) / (seen.total + USUAL_IMAGES)
        return rate

    def checkpoint(self, name: str) -> Belief:
        """What is expected of images made with the checkpoint."""
        return self._belief(name, [("checkpoint", (name,)), ("keyword_checkpoint", (name,))])

    def lora(self, name: str, *, checkpoint: str | None = None) -> Belief:
        """What is expected of images made with the LoRA, on any or on the given checkpoint."""
        if checkpoint is None:
            return self._belief(name, [("lora", (name,)), ("keyword_lora", (name,))])
        pair = (checkpoint, name)
        return self._belief(
            name,
            [
                ("lora", (name,)),
                ("checkpoint_lora", pair),
                ("keyword_lora", (name,)),
                ("keyword_checkpoint_lora", pair),
            ],
        )

    def proven(self, lora: str) -> bool:
        """Whether the LoRA was picked more than usual beside these very keywords.

        Being liked for other prompts is no reason to put a beach into the picture of a cat.
        """
        seen = [self._observed(tally, "keyword_lora", (lora,)) for tally in self._tallies()]
        return any(shown >= PRIOR_IMAGES and rate > self.base for rate, shown in seen)

    def _belief(self, name: str, items: Iterable[tuple[str, Parts]]) -> Belief:
        mean = self.base
        mean += self.relevance.get(name, 0.0) * PROMISE * (1 - mean)
        images = float(PRIOR_IMAGES)
        for kind, parts in items:
            for tally in self._tallies():
                rate, shown = self._observed(tally, kind, parts)
                mean += confidence(shown) * (rate - mean)
            _, shown = self._observed(self.own, kind, parts)
            # What other prompts taught is worth little here: exploring goes on for new keywords.
            images += shown if kind.startswith("keyword") else PRIOR_IMAGES * confidence(shown)
        return Belief(mean, images)

    def _tallies(self) -> list[Tally]:
        return [self.own] if self.everyone is None else [self.everyone, self.own]

    def _observed(self, tally: Tally, kind: str, parts: Parts) -> tuple[float, int]:
        """The rate, and the images behind it: those of the keyword shown most."""
        if not kind.startswith("keyword"):
            count = tally.count(kind, *parts)
            return count.rate, count.total
        counts = [tally.count(kind, keyword, *parts) for keyword in self.keywords]
        total = sum(count.total for count in counts)
        if not total:
            return 0.0, 0
        # An image counts once for each of its keywords: the rates are pooled, the images are not.
        return sum(count.selected for count in counts) / total, max(c.total for c in counts)
