"""The cascade: what the first look at a picture does not find is looked for more closely.

First another, more permissive model looks at the whole picture, then the first model at its zones,
where small things are large, and last a vision model is asked, where there is one. Which look
found a requirement is recorded with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from .adherence import MAX_MARGIN, Adherence, RequirementScore
from .adherence_views import merged
from .calibration import Calibrations
from .judge import Judge
from .pictures import fitted
from .vision import NullAnalyzer, VisionAnalyzer
from .zones import Detector, crops, zones

FOUND = 0.5
"""From here on a requirement counts as found: it outweighs all of its alternatives together."""


class Cascade:
    """Looks at pictures as often as it takes."""

    def __init__(
        self,
        judge: Judge,
        *,
        permissive: Judge | None = None,
        detector: Detector | None = None,
        analyzer: VisionAnalyzer | None = None,
    ):
        self.judge = judge
        self._permissive = permissive
        self._detector = detector
        self._analyzer = analyzer or NullAnalyzer()

    def look(
        self,
        picture: Image.Image,
        first: Adherence,
        prompt: str,
        calibrations: Calibrations | None = None,
    ) -> Adherence:
        """How well a picture shows the prompt; ``first`` is what the first look at it gave."""
        if not missed(first):
            return first
        others = [[view] for view in self._closer(picture, prompt, first)]
        return merged([[first], *others], calibrations)[0]

    def _closer(self, picture: Image.Image, prompt: str, first: Adherence) -> Iterator[Adherence]:
        if self._permissive:
            clip = self._permissive.clip
            seen = clip.encode_images(fitted(picture, clip.fit)[None])
            yield from self._permissive.judge(seen, prompt, method=f"permissive: {clip.name}")
        clip = self.judge.clip
        parts = zones(picture, self._detector)
        seen = clip.encode_images(crops(picture, parts, clip.fit))
        for zone, row in zip(parts, seen, strict=True):
            yield from self.judge.judge(row[None], prompt, method=f"zone: {zone.name}")
        told = self._told(picture, first)
        if told != first.items:
            yield replace(first, items=told)

    def _told(self, picture: Image.Image, first: Adherence) -> tuple[RequirementScore, ...]:
        """What a vision model says of what was missed; nothing changes where it says nothing."""
        return tuple(self._asked(picture, item) if item.p < FOUND else item for item in first.items)

    def _asked(self, picture: Image.Image, item: RequirementScore) -> RequirementScore:
        question = f"Does the picture show {item.requirement.text}?"
        p = self._analyzer.answer(picture, question)
        if p is None:
            return item
        method = f"asked: {self._analyzer.name}"
        return replace(item, p=p, margin=_margin(p), method=method, model=self._analyzer.name)


def missed(adherence: Adherence) -> list[RequirementScore]:
    """The requirements an adherence did not find."""
    return [item for item in adherence.items if item.p < FOUND]


def _margin(p: float) -> float:
    if not 0 < p < 1:
        return math.copysign(MAX_MARGIN, p - 0.5)
    return max(min(math.log(p / (1 - p)), MAX_MARGIN), -MAX_MARGIN)
