"""What a LoRA adds: an effect chosen by the words in its file name, scaled by its strength."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from .canvas import Pixels, blur, colour, lighten, mix, noise, paint
from .styles import grained, on_paper
from .view import View

Overlay = Callable[[View, Pixels, float], Pixels]


def apply_lora(view: View, pixels: Pixels, name: str, strength: float) -> Pixels:
    """The picture with a LoRA's effect; a negative strength works like a weak one."""
    stem = name.replace("\\", "/").rpartition("/")[2].lower()
    amount = float(np.clip(abs(strength), 0, 1.5))
    for words, overlay in _OVERLAYS.items():
        if any(word in stem for word in words.split()):
            return overlay(view, pixels, amount)
    return _toned(view, pixels, amount, zlib.crc32(stem.encode()))


def _film_grain(view: View, pixels: Pixels, strength: float) -> Pixels:
    lifted = pixels * (1 - 0.08 * strength) + 0.05 * strength
    return grained(view, lifted, 1.6 * strength)


def _watercolour(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Washes that dry darker at their edges, on paper."""
    soft = blur(pixels, 7 * view.scale)
    edge = np.abs(soft - blur(pixels, 16 * view.scale)).sum(axis=0)
    washed = mix(pixels, soft, 0.55 * strength) * (1 - np.clip(edge * 1.6, 0, 0.5) * strength)
    lighter = mix(washed, 1.0, 0.12 * strength)
    return on_paper(view, lighter, min(1.0, 0.8 * strength))


def _neon(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Magenta and cyan light from both sides."""
    pixels = pixels * (1 - 0.25 * strength)
    for tint, side in (("#ff2fa0", 0.0), ("#19d8ff", 1.0)):
        light = 0.75 / (1 + ((view.x - side) * 2.6) ** 2) * np.clip(view.y * 1.5 - 0.25, 0, 1)
        lighten(pixels, colour(tint), light * strength)
    bright = np.clip(pixels - 0.55, 0, 1)
    return pixels + (1 - pixels) * np.clip(blur(bright, 18 * view.scale) * strength, 0, 1)


def _fog(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Banks of fog, thickest at the horizon."""
    cell = (view.side * 0.12, view.side * 0.6)
    wisps = noise(view.rng, view.height, view.width, cell=cell, octaves=4)
    band = np.exp(-(((view.y - view.horizon - 0.06) / 0.2) ** 2))
    air = pixels.mean(axis=(1, 2), keepdims=True) * 0.35 + 0.6
    paint(pixels, air, np.clip(band * (0.25 + 0.9 * wisps) * strength * 0.85, 0, 1))
    return pixels


def _bokeh(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Discs of light out of focus."""
    for _ in range(16):
        x, y = view.rng.random(), view.rng.uniform(0.05, 0.95)
        size = view.rng.uniform(0.02, 0.07)
        row, column = int(y * (view.height - 1)), int(x * (view.width - 1))
        spot = pixels[:, row : row + 1, column : column + 1]
        tint = mix(spot, colour("#ffe2a8"), 0.6)
        away = view.distance(x, y)
        ring = view.soft(size - away) * (0.35 + 0.65 * np.clip(away / size, 0, 1) ** 3)
        lighten(pixels, tint, ring * (0.45 * strength))
    return pixels


def _lineart(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Ink lines along edges, paler colours between."""
    grey = blur(np.ascontiguousarray(pixels.mean(axis=0)), 1.5)
    edge = np.abs(np.gradient(grey, axis=0)) + np.abs(np.gradient(grey, axis=1))
    line = np.clip((edge - 0.012) * 26, 0, 1) * min(1.0, strength)
    paler = mix(pixels, 1.0, 0.12 * strength)
    return mix(paler, colour("#1a1a2a"), line * 0.85)


def _warm_light(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Low sun from one side."""
    glow = 0.6 / (1 + (view.distance(view.sun_x, view.horizon) / 0.42) ** 2)
    lighten(pixels, colour("#ff9a3c"), glow * strength)
    return pixels * mix(1, colour("#ffe2b8"), min(1.0, 0.6 * strength))


def _stars(view: View, pixels: Pixels, strength: float) -> Pixels:
    """A darker sky full of stars."""
    sky = np.clip((view.horizon - view.y) * 4, 0, 1)
    paint(pixels, colour("#0a1238"), (sky * min(0.8, 0.5 * strength)) * np.ones_like(view.x))
    count = int(700 * strength)
    rows = (view.rng.random(count) * view.horizon * view.height * 0.9).astype(int)
    columns = view.rng.integers(0, view.width, count)
    shine = (view.rng.random(count) ** 2).astype(np.float32)
    pixels[:, rows, columns] += (1 - pixels[:, rows, columns]) * shine
    return pixels


def _snow(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Snow in the air, cool light."""
    pixels = pixels * mix(1, colour("#e4f0ff"), min(1.0, strength))
    return _flakes(view, pixels, colour("#ffffff"), int(320 * strength), 2.2)


def _petals(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Petals on the wind, rosy light."""
    pixels = pixels * mix(1, colour("#ffe3ec"), min(1.0, strength))
    return _flakes(view, pixels, colour("#f7a8c4"), int(150 * strength), 4.0)


def _leaves(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Falling leaves, greens turned to gold."""
    gold = pixels[[1, 0, 2]] * colour("#ffc46b")
    green = np.clip((pixels[1] - pixels[0]) * 6, 0, 1) * min(1.0, strength)
    paint(pixels, gold, green)
    pixels = pixels * mix(1, colour("#ffe6c4"), min(1.0, strength))
    return _flakes(view, pixels, colour("#d9742b"), int(90 * strength), 4.5)


def _flowers(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Colour thrown over the foreground."""
    pixels = np.ascontiguousarray(pixels)
    for code in ("#ff6f91", "#ffd84d", "#c58cff"):
        pixels = _flakes(view, pixels, colour(code), int(70 * strength), 4.0, top=0.72)
    return pixels


def _rain(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Slanting rain under a greyer light."""
    grey = pixels.mean(axis=0, keepdims=True)
    pixels = mix(pixels, grey * colour("#cfdbe6"), min(0.6, 0.45 * strength))
    streaks = np.zeros((view.height, view.width), np.float32)
    length = int(26 * view.scale)
    for _ in range(int(170 * strength)):
        x, y = view.rng.integers(0, view.width), view.rng.integers(0, view.height - length)
        rows = np.arange(length)
        streaks[y + rows, np.clip(x - rows // 4, 0, view.width - 1)] = 0.3
    lighten(pixels, colour("#ffffff"), streaks)
    return pixels


def _vintage(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Faded, brownish, dark corners."""
    sepia = pixels.mean(axis=0, keepdims=True) * colour("#e8c79a") + 0.08
    faded = mix(pixels, sepia, min(0.9, 0.65 * strength)) * 0.92 + 0.06 * strength
    corners = 1 - ((view.x - 0.5) ** 2 + (view.y - 0.5) ** 2) * 0.8 * strength
    return grained(view, faded * corners, 0.7 * strength)


def _pastel(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Soft and light."""
    soft = mix(pixels, blur(pixels, 6 * view.scale), 0.35 * strength)
    return mix(soft, colour("#ffeef4"), min(0.7, 0.32 * strength))


def _aurora(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Green light over the sky."""
    cell = (view.side * 0.5, view.side * 0.05)
    rays = noise(view.rng, view.height, view.width, cell=cell, octaves=3)
    band = np.exp(-(((view.y - 0.22 - 0.1 * np.sin(view.x * 5)) / 0.14) ** 2))
    lighten(pixels, colour("#3dffa8"), band * rays * 0.8 * strength)
    return pixels


def _sand(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Hot dust in the light."""
    dust = 0.35 * np.clip(view.y * 1.4 - 0.2, 0, 1) * strength * np.ones_like(view.x)
    paint(pixels, colour("#e9b876"), np.clip(dust, 0, 1))
    return pixels


def _spotlight(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Soft light on the middle, the rest held back."""
    centre = 1 / (1 + (view.distance(0.5, 0.55) / 0.45) ** 4)
    pixels = pixels * (1 - 0.35 * strength * (1 - centre))
    lighten(pixels, colour("#fff0dc"), centre * 0.16 * strength)
    return pixels


def _cinema(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Teal shadows and orange lights."""
    grey = pixels.mean(axis=0, keepdims=True)
    toned = pixels * mix(colour("#8fd0dc"), colour("#ffd6a8"), grey) * 1.1
    return mix(pixels, toned, min(1.0, 0.9 * strength))


def _toned(view: View, pixels: Pixels, strength: float, seed: int) -> Pixels:
    """An effect for a name that says nothing: two tones of its own."""
    dice = np.random.default_rng(seed)
    dark, bright = (dice.uniform(0.55, 1.25, (3, 1, 1)).astype(np.float32) for _ in range(2))
    grey = pixels.mean(axis=0, keepdims=True)
    return mix(pixels, pixels * mix(dark, bright, grey), 0.5 * strength)


def _flakes(
    view: View, pixels: Pixels, tint: Pixels, count: int, size: float, *, top: float = 0.0
) -> Pixels:
    """Small soft spots of one colour."""
    pixels = np.ascontiguousarray(pixels, np.float32)
    for _ in range(count):
        x = int(view.rng.integers(0, view.width))
        y = int(view.rng.uniform(top, 1) * (view.height - 1))
        radius = max(1, round(size * view.scale * view.rng.uniform(0.3, 1)))
        rows, columns = slice(max(0, y - radius), y + radius), slice(max(0, x - radius), x + radius)
        spot = pixels[:, rows, columns]
        spot += (tint - spot) * np.float32(view.rng.uniform(0.35, 0.95))
    return pixels


_OVERLAYS: dict[str, Overlay] = {
    "grain film": _film_grain,
    "watercolor watercolour wash": _watercolour,
    "neon cyber": _neon,
    "mist fog haze": _fog,
    "bokeh": _bokeh,
    "lineart outline ink sketch": _lineart,
    "sunset golden sunrise": _warm_light,
    "star galaxy": _stars,
    "snow winter": _snow,
    "blossom petal": _petals,
    "autumn leaves": _leaves,
    "flower meadow": _flowers,
    "storm rain": _rain,
    "vintage retro": _vintage,
    "pastel soft": _pastel,
    "aurora": _aurora,
    "desert dune sand": _sand,
    "portrait castle": _spotlight,
    "cinema": _cinema,
}
