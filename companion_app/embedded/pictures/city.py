"""Rows of towers with lit windows."""

from __future__ import annotations

import numpy as np

from .brief import Brief
from .canvas import Colour, Pixels, colour, mix
from .mist import paint_mist
from .palette import Palette
from .view import View

_LAMP = colour("#ffd27a")


def paint_city(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Rows of towers with lit windows; a street of light towards the viewer."""
    on_water = bool(brief.places & {"sea", "lake"})
    lamps = 0.55 if brief.is_dark else 0.25 if brief.time in {"sunset", "storm"} else 0.04
    bases = (view.horizon,) if on_water else (view.horizon + 0.03, 0.8, 1.02)
    for layer, base in enumerate(bases):
        depth = 0.45 if on_water else (0.3, 0.65, 1.0)[layer]
        wide = (0.045 + 0.06 * depth) * view.side
        tall = (0.24 if on_water else 0.2 + 0.2 * depth) + 0.0
        tone = mix(palette.far, palette.near, depth)
        x = -view.rng.random() * wide
        while x < view.width:
            width = wide * view.rng.uniform(0.6, 1.5)
            middle = 1 - abs((x / view.width) - 0.5)
            height = tall * view.rng.uniform(0.35, 1.1) * middle * 1.2
            shade = tone * view.rng.uniform(0.85, 1.2)
            _paint_tower(view, palette, pixels, (x, x + width), base - height, base, shade, lamps)
            x += width * view.rng.uniform(0.95, 1.15)
        if layer < len(bases) - 1:
            paint_mist(view, palette, pixels, at=base - 0.02, thick=0.07)


def _paint_tower(
    view: View,
    palette: Palette,
    pixels: Pixels,
    span: tuple[float, float],
    top: float,
    base: float,
    tone: Colour,
    lamps: float,
) -> None:
    left, right = (int(np.clip(edge, 0, view.width)) for edge in span)
    first, last = int(max(0, top * view.height)), int(min(view.height, base * view.height))
    if right - left < 3 or last <= first:
        return
    block = pixels[:, first:last, left:right]
    fall = np.linspace(0, 1, last - first, dtype=np.float32)[:, None]
    block[:] = mix(mix(tone, palette.haze, 0.12), tone, np.minimum(1, fall * 2)) * (1 - 0.1 * fall)
    lit_side = -1 if view.sun_x > 0.5 else 0
    block[:, :, lit_side] = mix(block[:, :, lit_side], palette.sun[..., 0], 0.3)
    step = max(3, round(4.5 * view.scale + (right - left) * 0.04))
    rows, columns = (last - first) // (step + 1), (right - left - 2) // step
    if rows < 2 or columns < 1:
        return
    on = view.rng.random((rows, columns)) < lamps
    glow = (0.5 + 0.5 * view.rng.random((rows, columns))).astype(np.float32)
    hue = _LAMP if view.rng.random() < 0.75 else mix(palette.sky[-1], 1.0, 0.4)
    size = max(1, step // 2)
    for row, column in zip(*np.nonzero(on), strict=True):
        y, x = (row + 0.5) * (step + 1), 1 + column * step
        block[:, int(y) : int(y) + size + 1, x : x + size] = hue * glow[row, column]
