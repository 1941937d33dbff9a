"""How often a model tells right what drawings show, each slot among all that may stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vibes.prompts.encoders import Vectors
from vibes.scoring.adherence import adherences, texts_of
from vibes.scoring.clip import Clip
from vibes.scoring.requirements import Requirement

from .drawings import VALUES, Scene

PHRASES: Mapping[str, str] = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
    "night": "at night",
    "day": "by day",
    "sunset": "at sunset",
    "fog": "in the fog",
}
_WORDINGS: Mapping[str, str] = {"colour": "a {} thing", "shape": "a {}", "size": "a {} thing"}


def shares_right(clip: Clip, vectors: Vectors, shown: Sequence[Scene]) -> dict[str, float]:
    """For each slot, the share of drawings (n, d) of which the true value is told."""
    return {slot: _share_right(clip, vectors, shown, slot) for slot in VALUES}


def _share_right(clip: Clip, vectors: Vectors, shown: Sequence[Scene], slot: str) -> float:
    values = VALUES[slot]
    texts = [_WORDINGS.get(slot, "{}").format(PHRASES.get(value, value)) for value in values]
    best = np.argmax([_shares(clip, vectors, slot, text, texts) for text in texts], axis=0)
    return float(np.mean([values[n] == getattr(s, slot) for n, s in zip(best, shown, strict=True)]))


def _shares(
    clip: Clip, vectors: Vectors, slot: str, text: str, texts: Sequence[str]
) -> list[float]:
    wanted = [Requirement(text, slot, tuple(other for other in texts if other != text))]
    told = texts_of(text, wanted, clip.encode_texts)
    found = adherences(vectors, told, wanted, scale=clip.scale, model=clip.key)
    return [one.items[0].p for one in found]
