"""Water that mirrors what is above it, and the beach before it."""

from __future__ import annotations

import numpy as np

from .brief import Brief
from .canvas import Pixels, colour, fetched, lighten, mix, noise, paint, ridge
from .palette import Palette
from .view import View

_SAND = colour("#e3c48f")


def paint_water(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Mirrors what is above the horizon, broken by waves, with the light of the sun on it."""
    start = int(view.horizon * view.height) + 1
    rows = view.height - start
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    calm = "lake" in brief.places and brief.time != "storm"
    cell = (view.side * 0.02, view.side * 0.16)
    waves = noise(view.rng, rows, view.width, cell=cell, octaves=3, gain=0.7)
    reach = (0.03 if calm else 0.09) * view.height
    mirrored = start - 1 - np.arange(rows, dtype=np.float32)[:, None] * 0.92
    source_y = mirrored + (waves - 0.5) * reach * (0.25 + depth * 2)
    source_x = (
        np.arange(view.width, dtype=np.float32)[None, :] + (waves - 0.5) * view.side * 0.05 * depth
    )
    mirror = fetched(pixels, np.minimum(source_y, start - 1), source_x)
    tint = (0.22 if calm else 0.34) + 0.3 * depth
    body = mix(mirror, palette.water, tint) * (0.96 - 0.16 * depth)
    crests = np.clip((waves - 0.62) * 3.2, 0, 1) * (0.25 + 0.5 * depth)
    body = mix(body, palette.sky[-1], crests * (0.18 if calm else 0.4))
    near_sun = np.exp(-(((view.x - view.sun_x) / (0.035 + 0.16 * depth)) ** 2))
    glints = np.clip((waves - 0.5) * 5, 0, 1) * near_sun * (0.35 + 0.65 * palette.glow)
    lighten(body, palette.sun, glints)
    pixels[:, start:] = body


def paint_beach(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Sand in front, with foam where the sea ends."""
    if view.rng.random() < 0.25 and "lighthouse" not in brief.subjects:
        return
    line = 0.8 + 0.14 * ridge(view.rng, view.width, bumps=1.2, octaves=3)
    line += (view.x[0] - 0.5) * view.rng.uniform(-0.14, 0.14)
    first = int((line.min() - 0.04) * view.height)
    below = view.y[first:] - line[None, :]
    grain = noise(view.rng, *below.shape, cell=(view.side * 0.03, view.side * 0.1), octaves=4)
    light = 0.35 if brief.is_dark else 1.0
    sand = mix(_SAND * light, mix(palette.far, palette.near, 0.3), 0.4)
    wet = np.clip(1 - below / 0.05, 0, 1)
    body = mix(sand, mix(palette.water, palette.sky[-1], 0.5), wet * 0.6)
    body = body * (0.86 + 0.24 * grain)
    paint(pixels[:, first:], body, np.clip(below * view.height + 0.5, 0, 1))
    foam_edge = below + 0.012 * grain
    foam = np.exp(-((foam_edge / 0.006) ** 2)) + 0.5 * np.exp(-(((foam_edge + 0.03) / 0.005) ** 2))
    lighten(pixels[:, first:], mix(palette.sky[-1], 1.0, 0.5), foam * 0.7 * light)
