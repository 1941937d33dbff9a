"""The land: ranges behind each other, and the ground before the viewer."""

from __future__ import annotations

import numpy as np

from .brief import Brief
from .canvas import Colour, Pixels, colour, mix, noise, paint, ridge
from .city import paint_city
from .palette import Palette
from .trees import paint_forest, paint_side_trees, paint_trees
from .view import View
from .water import paint_beach, paint_water

_SNOW = colour("#f4f8ff")
_SAND = colour("#e3c48f")
_FLOWERS = [
    colour(code) for code in ("#f25c6a", "#f7d14a", "#ffffff", "#b07be0", "#ff9f45", "#e86fb0")
]


def paint_land(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Everything between the horizon and the viewer, the farthest first."""
    places = brief.places
    _paint_ranges(view, brief, palette, pixels)
    if "city" in places:
        paint_city(view, brief, palette, pixels)
    if places & {"sea", "lake"}:
        if "lake" in places:
            paint_trees(view, brief, palette, pixels, base=view.horizon, size=0.045, depth=0.45)
        paint_water(view, brief, palette, pixels)
    if "desert" in places:
        _paint_dunes(view, brief, palette, pixels)
    elif "forest" in places:
        paint_forest(view, brief, palette, pixels)
    elif "meadow" in places or not places & {"sea", "lake", "city"}:
        _paint_meadow(view, brief, palette, pixels)
    elif "sea" in places:
        paint_beach(view, brief, palette, pixels)
    elif "lake" in places:
        _paint_near_bank(view, brief, palette, pixels)


def _paint_ranges(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Three to five silhouettes, each nearer one darker, with haze at their feet."""
    places = brief.places
    steep = "mountains" in places
    open_sea = "sea" in places and not places & {"mountains", "hills", "city"}
    count = 1 if open_sea else 4 if steep else 3
    for layer in range(count):
        depth = (layer + 0.4) / (count + 0.6)
        tall = 0.3 - 0.17 * depth if steep else 0.12 - 0.05 * depth
        bumps = view.rng.uniform(1.6, 3.2) if steep else view.rng.uniform(1.2, 2.6)
        top = ridge(
            view.rng,
            view.width,
            bumps=bumps,
            octaves=6 if steep else 3,
            sharp=0.75 if steep and layer < count - 1 else 0.0,
        )
        if open_sea:
            top = np.maximum(top - 0.5, 0) * 0.7
        skyline = view.horizon - tall * (top - 0.12) + 0.012 * layer * (not open_sea)
        tone = mix(palette.far, palette.near, depth**1.3)
        _paint_range(view, brief, palette, pixels, skyline, tone, steep and layer < 2, depth)


def _paint_range(
    view: View,
    brief: Brief,
    palette: Palette,
    pixels: Pixels,
    skyline: Pixels,
    tone: Colour,
    rocky: bool,
    depth: float,
) -> None:
    first = max(0, int((skyline.min() - 0.01) * view.height))
    last = view.height if "city" in brief.places else int((view.horizon + 0.15) * view.height)
    below = view.y[first:last] - skyline[None, :]
    mask = np.clip(below * view.height + 0.5, 0, 1)
    foot = np.clip(below / 0.22, 0, 1)
    near_sun = 1 / (1 + ((view.x - view.sun_x) * 2.6) ** 2)
    lit = mix(tone, palette.sun, 0.16 * (1 - depth))
    body = mix(tone, lit, near_sun * np.clip(1 - foot * 2, 0, 1))
    if rocky:
        body = _with_rock(view, brief, palette, body, skyline, below)
    hazy = 0.85 if "mist" in brief.weather else 0.5
    body = mix(body, palette.haze, foot**1.2 * hazy * (1 - 0.55 * depth))
    paint(pixels[:, first:last], body, mask)


def _with_rock(
    view: View, brief: Brief, palette: Palette, body: Pixels, skyline: Pixels, below: Pixels
) -> Pixels:
    """Lit and shaded faces running down from the skyline; snow on the heights."""
    wander = noise(view.rng, *below.shape, cell=(view.side * 0.05, view.side * 0.07), octaves=3)
    column = np.arange(view.width, dtype=np.float32)[None, :] + (wander - 0.5) * view.side * 0.07
    column = np.clip(column, 0, view.width - 1).astype(np.int32)
    window = max(3, view.width // 40)
    smooth = np.convolve(skyline, np.full(window, 1 / window), mode="same").astype(np.float32)
    slope = np.gradient(smooth) * view.width
    toward = -slope if view.sun_x < 0.5 else slope
    face = np.tanh(toward * 1.1)[column] * 0.5
    strength = np.clip(1 - below * 3, 0.1, 1)
    shaded = body + (face * strength * 0.3) * mix(palette.sun, 1.0, 0.3)
    snowy = 0.16 if "snow" in brief.weather else 0.055
    cap = np.clip((snowy * (0.5 + wander) - below) * 35, 0, 1)
    high = np.clip((view.horizon - 0.12 - skyline) * 12, 0, 1)[None, :]
    white = mix(mix(_SNOW, palette.sun, 0.25), palette.sky[1], 0.35 - face * 0.5)
    return mix(shaded, white, cap * high * 0.85)


def _paint_near_bank(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Reeds and a dark bank at the lower edge; sometimes tall trees at one side."""
    line = 0.97 - 0.1 * ridge(view.rng, view.width, bumps=1.5, octaves=3)
    _paint_grass(view, brief, palette, pixels, line, blades=0.03)
    if view.rng.random() < 0.6:
        paint_side_trees(view, palette, pixels)


def _paint_meadow(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Rolling ground with grass and, where asked for, flowers."""
    for layer, base in enumerate((view.horizon + 0.04, view.horizon + 0.16, 0.88)):
        line = base - 0.07 * (ridge(view.rng, view.width, bumps=1.4, octaves=3) - 0.5)
        _paint_grass(
            view,
            brief,
            palette,
            pixels,
            line,
            blades=0.006 + 0.014 * layer,
            depth=0.35 + 0.3 * layer,
        )
    if "snow" not in brief.weather:
        _paint_flowers(view, brief, pixels, start=view.horizon + 0.08)


def _paint_grass(
    view: View,
    brief: Brief,
    palette: Palette,
    pixels: Pixels,
    line: Pixels,
    *,
    blades: float,
    depth: float = 0.95,
) -> None:
    stalks = view.rng.random(view.width).astype(np.float32) ** 2
    skyline = line - blades * stalks
    first = max(0, int(skyline.min() * view.height))
    below = view.y[first:] - skyline[None, :]
    if not below.size:
        return
    green = mix(
        mix(palette.far, palette.near, depth), colour("#6f9a45"), 0.0 if brief.is_dark else 0.3
    )
    if "snow" in brief.weather:
        green = mix(_SNOW, palette.sky[1], 0.25 + 0.3 * brief.is_dark)
    texture = noise(view.rng, *below.shape, cell=(view.side * 0.07, view.side * 0.03), octaves=4)
    near_sun = 1 / (1 + ((view.x - view.sun_x) * 2.2) ** 2)
    light = np.clip(1 - below / 0.1, 0, 1) * near_sun * 0.35
    body = mix(green * (0.8 + 0.36 * texture), palette.sun, light * 0.6)
    body = body * (1 - 0.35 * np.clip(below / 0.3, 0, 1))
    paint(
        pixels[:, first:],
        body,
        np.clip(below * view.height + 0.5, 0, 1),
    )


def _paint_flowers(view: View, brief: Brief, pixels: Pixels, *, start: float) -> None:
    """Dots that grow towards the viewer, in drifts."""
    many = 900 if "meadow" in brief.places else 160
    drift = noise(view.rng, 64, 64, cell=(14, 14), octaves=2)
    chosen = [_FLOWERS[i] for i in view.rng.permutation(len(_FLOWERS))[:3]]
    for _ in range(many):
        depth = view.rng.random()
        x, y = view.rng.random(), start + (1 - start) * depth**1.2
        if drift[int(y * 63), int(x * 63)] < 0.45:
            continue
        size = max(1, round((0.6 + 4.2 * depth**1.5) * view.scale))
        column, row = int(x * view.width), int(y * view.height)
        light = (0.45 if brief.is_dark else 0.9) * (0.75 + 0.35 * view.rng.random())
        petals = chosen[int(view.rng.integers(3))] * light
        _dot(pixels, column, row, size, petals)


def _dot(pixels: Pixels, x: int, y: int, size: int, tone: Colour) -> None:
    """A round spot of ``size`` pixels radius."""
    rows = slice(max(0, y - size), min(pixels.shape[1], y + size + 1))
    columns = slice(max(0, x - size), min(pixels.shape[2], x + size + 1))
    down, across = np.ogrid[rows, columns]
    away = (down - y) ** 2 * 1.6 + (across - x) ** 2
    mask = np.clip(size + 0.5 - np.sqrt(away), 0, 1)
    paint(pixels[:, rows, columns], tone, mask * 0.92)


def _paint_dunes(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Crests with a lit and a shaded side."""
    for layer in range(4):
        depth = (layer + 0.5) / 4
        base = view.horizon + 0.02 + (0.95 - view.horizon) * depth**1.5
        crest = base - (0.07 + 0.1 * depth) * ridge(view.rng, view.width, bumps=1.3, octaves=2)
        first = max(0, int(crest.min() * view.height))
        below = view.y[first:] - crest[None, :]
        shift = below * view.rng.uniform(-1.4, 1.4)
        bend = np.sin((view.x + shift) * view.rng.uniform(5, 9) + view.rng.uniform(0, 6))
        ripples = np.sin((below * 90 + view.x * 14 + bend * 2) * 2.2)
        sand = mix(_SAND * (0.4 if brief.is_dark else 1), palette.far, 0.35)
        shade = mix(palette.near, sand, 0.35 + 0.1 * (1 - depth))
        lit = np.clip(0.5 + 0.9 * bend * (0.5 - view.sun_x) * 2, 0, 1) + 0.04 * ripples
        body = mix(shade, mix(sand, palette.sun, 0.3), np.clip(lit, 0, 1))
        body = mix(body, palette.haze, (1 - depth) * 0.35)
        paint(pixels[:, first:], body, np.clip(below * view.height + 0.5, 0, 1))
