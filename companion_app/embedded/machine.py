"""The pretended computer behind an embedded server: files, pace, painter, faults."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from .folders import Folders
from .models import Models
from .pictures import Order, draw, plain

DRAFT_PIXELS = 512 * 768
DRAFT_STEPS = 20
DRAFT_SECONDS = 0.9  # so that a grid of 20 drafts on two servers can be watched and takes ~12 s
LOAD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds.

    ``seconds_per_image`` fixes the time of every picture whatever its size and steps, and makes
    loading a checkpoint free: what benchmarks need.
    """

    speed: float = 1.0
    seconds_per_image: float | None = None

    def sampling(self, width: int, height: int, steps: int) -> float:
        """Time to sample one picture; grows with the side, not the area, to keep demos short."""
        if self.seconds_per_image is not None:
            return self.seconds_per_image
        size = math.sqrt(width * height / DRAFT_PIXELS)
        return DRAFT_SECONDS * size * steps / DRAFT_STEPS / self.speed

    def loading(self) -> float:
        """Time to bring another checkpoint into memory."""
        return 0.0 if self.seconds_per_image is not None else LOAD_SECONDS / self.speed


class Scorer(Protocol):
    """Scores pictures: what a machine that paints without a model has only if somebody lends it."""

    models: Sequence[str]
    """The models it scores by."""

    def __call__(self, picture: Image.Image, text: str, model: str) -> tuple[float, str]:
        """How well the picture shows the text, and a report on it; blocks."""
        ...


@dataclass(slots=True)
class Machine:
    """Everything nodes may use besides their inputs.

    A prompt text containing one of ``faults`` makes its sampler fail, for tests. With
    ``has_pack`` it has this project's nodes; ``scorer`` is what the one that scores works by.
    """

    name: str
    models: Models
    folders: Folders
    pace: Pace = field(default_factory=Pace)
    painter: Callable[[Order], Image.Image] = draw
    faults: frozenset[str] = frozenset()
    has_pack: bool = False
    scorer: Scorer | None = None
    loaded_checkpoint: str | None = None

    @property
    def draws(self) -> bool:
        """Whether pictures are worth previewing."""
        return self.painter is not plain
