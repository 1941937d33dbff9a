"""The sky: gradient, sun or moon, clouds, stars, aurora."""

from __future__ import annotations

import numpy as np

from .brief import Brief
from .canvas import Pixels, colour, lighten, mix, noise, paint, ridge
from .palette import Palette
from .view import View


def paint_sky(view: View, brief: Brief, palette: Palette) -> Pixels:
    """A picture of nothing but sky, down to the bottom."""
    pixels = _gradient(view, palette)
    if brief.time == "space":
        _paint_nebula(view, palette, pixels)
    if brief.is_dark:
        _paint_stars(view, pixels, amount=1.6 if brief.time == "space" else 0.8)
    if "aurora" in brief.weather:
        _paint_aurora(view, pixels)
    if brief.time == "space":
        _paint_planet(view, palette, pixels)
    else:
        _paint_sun(view, brief, palette, pixels)
    cover = 0.62 if {"clouds", "rain"} & brief.weather or brief.time == "storm" else 0.4
    if brief.time != "space":
        _paint_clouds(view, palette, pixels, cover=cover * (0.6 if brief.is_dark else 1))
    return pixels


def _gradient(view: View, palette: Palette) -> Pixels:
    """Colour stops from the top to the horizon, denser towards it."""
    place = np.clip(view.y[:, 0] / view.horizon, 0, 1) ** 1.15
    stops = np.linspace(0, 1, len(palette.sky))
    column = [np.interp(place, stops, [stop[i].item() for stop in palette.sky]) for i in range(3)]
    return np.repeat(np.array(column, np.float32)[:, :, None], view.width, axis=2)


def _paint_sun(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """A disc in a glow; at night a moon with a shadowed limb."""
    low = brief.time in {"sunset", "dawn", "golden", "dusk"}
    x = view.sun_x
    y = view.horizon - (0.05 + 0.1 * view.rng.random() if low else 0.25 + 0.2 * view.rng.random())
    size = (0.028 if brief.is_dark else 0.036 if low else 0.026) * (1 + view.rng.random() * 0.5)
    seen = slice(0, int((view.horizon + 0.15) * view.height))  # the land hides the rest
    distance = view.distance(x, y)[seen]
    glow = palette.glow * 0.9 / (1 + (distance / (size * 4.5)) ** 2)
    lighten(pixels[:, seen], palette.sun, glow)
    if brief.time == "storm" or "rain" in brief.weather:
        return
    rim = 1 if low or brief.is_dark else 14  # the sun of the day has no edge
    disc = np.clip((size - distance) * view.side / rim / view.scale + 0.5, 0, 1)
    if brief.time == "night" and view.rng.random() < 0.5:
        shadow = view.distance(x + size * 0.5, y - size * 0.2)[seen]
        disc *= 1 - view.soft(size * 0.95 - shadow) * 0.92
    paint(pixels[:, seen], mix(palette.sun, 1.0, 0.35), disc)


def _paint_clouds(view: View, palette: Palette, pixels: Pixels, *, cover: float) -> None:
    """Banks stretched along the horizon, lit from the side of the sun."""
    height = int(view.height * min(1.0, view.horizon + 0.05))
    cell = (view.side * 0.16, view.side * (0.42 + 0.3 * view.rng.random()))
    field = noise(view.rng, height, view.width, cell=cell, octaves=5, gain=0.55)
    bias = noise(view.rng, height, view.width, cell=(view.side * 0.5, view.side), octaves=1)
    y = view.y[:height]
    density = np.clip((field + bias * 0.35 - (1.02 - cover)) * 3.2, 0, 1)
    density *= np.clip((y + 0.1) * 5, 0, 1) * np.clip((view.horizon + 0.02 - y) * 9, 0, 1)
    shift = max(2, view.height // 45)
    lit = np.clip(0.55 + (density - np.roll(density, shift, axis=0)) * 1.3, 0, 1)
    nearness = 1 / (1 + (np.abs(view.x - view.sun_x) * 2.2) ** 2)
    bright = mix(palette.sky[-1], palette.sun, 0.65)
    shade = mix(palette.sky[1], palette.far, 0.45)
    colours = mix(shade, bright, lit * (0.45 + 0.55 * nearness))
    paint(pixels[:, :height], colours, density * 0.85)


def _paint_stars(view: View, pixels: Pixels, *, amount: float) -> None:
    """Points of different brightness, a few of them with a glow."""
    count = int(420 * amount * view.width * view.height / 393216)
    x = (view.rng.random(count) * view.width).astype(int)
    y = (view.rng.random(count) ** 1.3 * view.horizon * view.height).astype(int)
    strength = (view.rng.random(count) ** 3).astype(np.float32)
    pixels[:, y, x] = np.maximum(pixels[:, y, x], 0.25 + 0.75 * strength)
    for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        down, across = np.clip(y + dy, 0, view.height - 1), np.clip(x + dx, 0, view.width - 1)
        pixels[:, down, across] += (1 - pixels[:, down, across]) * strength**2 * 0.6


def _paint_nebula(view: View, palette: Palette, pixels: Pixels) -> None:
    """Coloured clouds along a diagonal band."""
    cell = (view.side * 0.35, view.side * 0.35)
    field = noise(view.rng, view.height, view.width, cell=cell, octaves=5, gain=0.6)
    other = noise(view.rng, view.height, view.width, cell=cell, octaves=3)
    slope = view.rng.uniform(-0.6, 0.6)
    band = np.exp(-(((view.y - 0.42 - slope * (view.x - 0.5)) * 3.4) ** 2))
    lighten(pixels, palette.sky[-1], field**2 * band * 1.3)
    lighten(pixels, np.roll(palette.sky[-1], 1), other**3 * band * 1.1)


def _paint_planet(view: View, palette: Palette, pixels: Pixels) -> None:
    """A banded planet lit from one side."""
    x, y = view.rng.uniform(0.25, 0.75), view.rng.uniform(0.2, 0.4)
    size = view.rng.uniform(0.12, 0.22)
    distance = view.distance(x, y)
    lighten(pixels, palette.haze, 0.35 / (1 + (distance / size) ** 4))
    bands = 0.5 + 0.5 * np.sin((view.y - y) * 60 / size * 0.12 + view.x * 3)
    lit = np.clip(0.5 + ((x - view.x) * 0.8 + (y - view.y)) / size * 0.55, 0.04, 1)
    surface = mix(palette.far, palette.sun, bands * 0.5) * lit
    paint(pixels, surface, view.soft(size - distance))


def _paint_aurora(view: View, pixels: Pixels) -> None:
    """Curtains of green and violet light."""
    for code in ("#40ff99", "#33d9e6", "#a659ff"):
        wave = 0.12 + 0.28 * _curve(view, 2.5)
        rays = 0.35 + 0.65 * _curve(view, 42)
        depth = view.y - wave[None, :]
        curtain = np.where(depth < 0, np.exp(depth * 9), np.exp(-depth * 55))
        strength = 0.7 * rays[None, :] * curtain
        lighten(pixels, colour(code), strength)


def _curve(view: View, bumps: float) -> Pixels:
    return ridge(view.rng, view.width, bumps=bumps, octaves=2)
