"""Where things stand in a picture: coordinates, horizon, sun, and the dice of the composition."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from .canvas import Pixels


class View:
    """Coordinates of a canvas: ``x`` and ``y`` are 0..1; sizes are shares of the shorter side."""

    def __init__(self, width: int, height: int, rng: np.random.Generator):
        self.width = width
        self.height = height
        self.rng = rng
        self.side = min(width, height)
        self.x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
        self.y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        self.horizon = float(rng.uniform(0.5, 0.66))
        self.sun_x = float(rng.choice([rng.uniform(0.16, 0.4), rng.uniform(0.6, 0.84)]))

    @cached_property
    def scale(self) -> float:
        """Pixels per unit of the shorter side of a 512 pixel picture: 1 there, 2 at 1024."""
        return self.side / 512

    def distance(self, x: float, y: float) -> Pixels:
        """Distance of every pixel from a point, in shorter sides."""
        across = (self.x - x) * (self.width / self.side)
        down = (self.y - y) * (self.height / self.side)
        away: Pixels = np.sqrt(across * across + down * down)
        return away

    def soft(self, inside: Pixels) -> Pixels:
        """A mask of where ``inside`` is positive, its edge one pixel soft."""
        return np.clip(inside * self.side + 0.5, 0, 1)
