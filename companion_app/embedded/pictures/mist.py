"""Banks of light air between what is near and what is far."""

from __future__ import annotations

import numpy as np

from .canvas import Pixels, mix, noise, paint
from .palette import Palette
from .view import View


def paint_mist(view: View, palette: Palette, pixels: Pixels, *, at: float, thick: float) -> None:
    """A bank of light air at one height."""
    first, last = (int(max(0, at + s * thick * 2) * view.height) for s in (-1, 1))
    last = min(view.height, last)
    if first >= last:
        return
    rows = view.y[first:last]
    cell = (view.side * 0.1, view.side * 0.5)
    wisps = noise(view.rng, last - first, view.width, cell=cell, octaves=3)
    band = np.exp(-(((rows - at) / thick) ** 2)) * (0.35 + 0.65 * wisps)
    paint(pixels[:, first:last], mix(palette.haze, palette.sun, 0.25), band * 0.6)
