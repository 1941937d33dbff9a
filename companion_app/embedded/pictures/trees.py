"""Trees: rows of conifers, or round crowns in the colours of a season."""

from __future__ import annotations

import numpy as np

from .brief import Brief
from .canvas import Colour, Pixels, colour, mix, noise, paint, ridge
from .mist import paint_mist
from .palette import Palette
from .view import View

_AUTUMN = [colour(code) for code in ("#b5451f", "#d9822b", "#e0a63c", "#8c3a1e")]
_BLOSSOM = [colour(code) for code in ("#e79ab5", "#f3bfd0", "#d9799c", "#f9d9e2")]


def paint_forest(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Rows of trees towards the viewer, with light between them."""
    rows = 5
    start = view.horizon + (0.16 if brief.places & {"sea", "lake"} else 0.02)
    for row in range(rows):
        depth = row / (rows - 1)
        base = start + (0.98 - start) * depth**1.35 + 0.03
        size = 0.075 + 0.2 * depth**1.6
        paint_trees(view, brief, palette, pixels, base=base, size=size, depth=0.15 + 0.85 * depth)
        if row < rows - 1 and ("mist" in brief.weather or brief.time in {"dawn", "golden"}):
            paint_mist(view, palette, pixels, at=base - 0.01, thick=0.07)


def paint_side_trees(view: View, palette: Palette, pixels: Pixels) -> None:
    """A few big conifers framing one side."""
    right = view.sun_x < 0.5
    top = np.zeros(view.width, np.float32)
    x = np.arange(view.width)
    for _ in range(3):
        tall = view.rng.uniform(0.25, 0.5)
        half = tall * view.height * 0.17
        edge = view.rng.uniform(-0.03, 0.16)
        centre = (1 - edge if right else edge) * view.width
        away = np.abs(x - centre) / half
        tiers = (away * 7) % 1
        top = np.maximum(top, np.where(away < 1, tall * (1 - away**0.75) * (1 - 0.2 * tiers), 0))
    skyline = 1.0 - top
    first = int(skyline.min() * view.height)
    mask = np.clip((view.y[first:] - skyline[None, :]) * view.height + 0.5, 0, 1)
    mask *= (top > 0)[None, :]
    paint(pixels[:, first:], mix(palette.near, palette.far, 0.06), mask)


def paint_trees(
    view: View,
    brief: Brief,
    palette: Palette,
    pixels: Pixels,
    *,
    base: float,
    size: float,
    depth: float,
) -> None:
    """One row of trees; in autumn and spring round crowns in colour."""
    count = int(2.6 * view.width / (size * view.height * 0.2))
    ground = base + 0.02 * (ridge(view.rng, view.width, bumps=2, octaves=3) - 0.5)
    leaves = _leaves(brief, view)
    if leaves is None:
        top = _conifers(view, count=count, size=size)
    else:
        top = size * (0.35 + 0.55 * ridge(view.rng, view.width, bumps=count / 6, octaves=5))
    skyline = ground - top
    first = max(0, int((skyline.min() - 0.01) * view.height))
    last = int((base + 0.25) * view.height)  # what comes next hides the rest
    y = view.y[first:last]
    if not y.size:
        return
    below = y - skyline[None, :]
    tone = mix(palette.far, palette.near, depth)
    if leaves is not None:
        tone = _foliage(view, mix(leaves, tone, 0.3 + 0.4 * brief.is_dark), below)
    near_sun = 1 / (1 + ((view.x - view.sun_x) * 3) ** 2)
    rim = np.clip(1 - below / 0.03, 0, 1) * near_sun * 0.4 * (1 - 0.6 * depth)
    body = mix(tone, palette.sun, rim)
    hazy = (0.95 if "mist" in brief.weather else 0.6) * (1 - 0.75 * depth)
    foot = np.clip((y - (ground - size * 0.75)[None, :]) / (size * 0.9), 0, 1)
    body = mix(body, mix(palette.haze, palette.sun, 0.2), foot * hazy)
    mask = np.clip(below * view.height + 0.5, 0, 1)
    paint(pixels[:, first:last], body, mask)


def _conifers(view: View, *, count: int, size: float) -> Pixels:
    """Height of a row of conifers above its ground, per column, in picture heights."""
    top = np.full(view.width, size * 0.12, np.float32)
    for _ in range(count):
        tall = size * view.rng.uniform(0.45, 1.2)
        half = tall * view.height * view.rng.uniform(0.16, 0.22)
        centre = view.rng.uniform(-0.03, 1.03) * view.width
        left, right = int(max(0, centre - half)), int(min(view.width, centre + half + 1))
        if left >= right:
            continue
        away = np.abs(np.arange(left, right) - centre) / half
        tiers = (away * 6 + 0.3) % 1
        shape = tall * (1 - away**0.85) * (1 - 0.14 * tiers)
        top[left:right] = np.maximum(top[left:right], shape)
    return top


def _leaves(brief: Brief, view: View) -> Colour | None:
    """The colour of the leaves of one row, None for conifers."""
    for season, colours in (("autumn", _AUTUMN), ("blossom", _BLOSSOM)):
        if season in brief.weather:
            return colours[int(view.rng.integers(len(colours)))]
    return None


def _foliage(view: View, tone: Colour, below: Pixels) -> Pixels:
    """Crowns of leaves: clumps of light and shade."""
    cell = (view.side * 0.05, view.side * 0.05)
    clumps = noise(view.rng, *below.shape, cell=cell, octaves=4, gain=0.75)
    return tone * (0.6 + 0.75 * clumps)
