"""The hand of a checkpoint: every file name paints in a way one recognises."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from .canvas import Pixels, blur, colour, fetched, mix, noise
from .view import View


@dataclass(frozen=True, slots=True)
class Style:
    """How a checkpoint finishes a picture; all strengths 0..1 unless said."""

    saturation: float = 1.0  # 1 unchanged
    contrast: float = 1.0  # 1 unchanged
    tint: str = "#ffffff"
    tinting: float = 0.0
    bloom: float = 0.0
    grain: float = 0.0
    vignette: float = 0.0
    strokes: float = 0.0  # length of brush strokes
    bands: int = 0  # number of flat tones, 0 for smooth shading
    outline: float = 0.0
    paper: float = 0.0


_STYLES = {
    "photo": Style(0.92, 1.12, "#ffe9d0", 0.05, bloom=0.15, grain=0.45, vignette=0.5),
    "cinema": Style(1.05, 1.2, "#1f6f8a", 0.1, bloom=0.4, grain=0.25, vignette=0.7),
    "rich": Style(1.2, 1.08, "#ffb070", 0.12, bloom=0.45, grain=0.1, vignette=0.45),
    "painterly": Style(1.18, 1.1, "#c9a2ff", 0.08, bloom=0.5, vignette=0.3, strokes=0.8),
    "anime": Style(1.3, 1.02, "#8fe0ff", 0.07, bloom=0.25, bands=14, outline=0.12, strokes=0.25),
    "toon": Style(1.38, 1.12, "#ffd0e0", 0.07, bands=7, outline=0.5),
    "woodblock": Style(0.85, 1.05, "#efe0bd", 0.3, bands=6, outline=0.85, paper=0.7),
    "pastel": Style(0.75, 0.8, "#ffe8ec", 0.25, bloom=0.4, paper=0.35, strokes=0.3),
}
_NAMED = {
    "epicrealismxl": "cinema",
    "juggernaut": "cinema",
    "epicrealism": "photo",
    "photo": "photo",
    "real": "photo",
    "majestic": "rich",
    "ghibli": "anime",
    "anime": "anime",
    "anything": "anime",
    "toon": "toon",
    "cartoon": "toon",
    "woodblock": "woodblock",
    "ink": "woodblock",
    "dream": "painterly",
    "paint": "painterly",
    "pastel": "pastel",
}


def style_of(checkpoint: str) -> Style:
    """By a word in the file name, else by its hash; unnamed ones also get a tint of their own."""
    name = checkpoint.replace("\\", "/").rpartition("/")[2].lower()
    for word, style in _NAMED.items():
        if word in name:
            return _STYLES[style]
    dice = np.random.default_rng(zlib.crc32(name.encode()))
    chosen = list(_STYLES.values())[int(dice.integers(len(_STYLES)))]
    tint = "#" + "".join(f"{int(part):02x}" for part in dice.integers(90, 256, 3))
    return replace(chosen, tint=tint, tinting=0.18, saturation=chosen.saturation * 0.95)


def apply_style(view: View, style: Style, pixels: Pixels) -> Pixels:
    """The finished picture."""
    if style.strokes:
        pixels = _brushed(view, pixels, style.strokes)
    pixels = _graded(pixels, style)
    if style.bands:
        pixels = _flattened(pixels, style.bands)
    if style.outline:
        pixels = _outlined(view, pixels, style.outline)
    if style.bloom:
        pixels = _bloomed(view, pixels, style.bloom)
    if style.paper:
        pixels = on_paper(view, pixels, style.paper)
    if style.vignette:
        pixels = _vignetted(view, pixels, style.vignette)
    if style.grain:
        pixels = grained(view, pixels, style.grain)
    return pixels


def _graded(pixels: Pixels, style: Style) -> Pixels:
    grey = 0.3 * pixels[0] + 0.59 * pixels[1] + 0.11 * pixels[2]
    pixels = grey + (pixels - grey) * style.saturation
    pixels = (pixels - 0.5) * style.contrast + 0.5
    if style.tinting:
        tint = colour(style.tint)
        pixels = mix(pixels, pixels * tint * 0.6 + tint * 0.4, style.tinting)
    return np.clip(pixels, 0, 1)


def _brushed(view: View, pixels: Pixels, length: float) -> Pixels:
    """Every pixel fetched from a little aside, alike along strokes."""
    reach = length * 5.5 * view.scale
    cell = (view.side * 0.012, view.side * 0.05)
    field = noise(view.rng, view.height, view.width, cell=cell, octaves=2)
    turn = noise(view.rng, view.height, view.width, cell=(cell[1], cell[0]), octaves=2)
    rows = np.arange(view.height, dtype=np.float32)[:, None] + ((field - 0.5) * reach)
    columns = np.arange(view.width, dtype=np.float32)[None, :] + ((turn - 0.5) * reach * 1.6)
    return fetched(pixels, rows, columns) * (0.97 + 0.06 * field)


def _flattened(pixels: Pixels, bands: int) -> Pixels:
    """Brightness in steps, their edges left a little soft; hues stay smooth."""
    bright = pixels.max(axis=0) + np.float32(1e-3)
    level = bright * bands
    step = np.floor(level)
    soft = np.clip((level - step - 0.5) * 5 + 0.5, 0, 1)
    flat: Pixels = pixels * ((step + soft) / (bands * bright))
    return flat


def _outlined(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Dark lines where the picture changes."""
    grey = pixels.mean(axis=0)
    reach = max(1, round(view.scale))
    edge = np.abs(grey - np.roll(grey, reach, axis=0)) + np.abs(grey - np.roll(grey, reach, axis=1))
    edge[:reach], edge[:, :reach] = 0, 0
    line = np.clip((edge - 0.05) * 7, 0, 1) * strength
    drawn: Pixels = pixels * (1 - 0.8 * line)
    return drawn


def _bloomed(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Light spreading from what is bright."""
    bright = np.clip(pixels - 0.62, 0, 1)
    halo = blur(bright, 26 * view.scale) * (1.8 * strength)
    glowing: Pixels = pixels + (1 - pixels) * np.clip(halo, 0, 1)
    return glowing


def on_paper(view: View, pixels: Pixels, strength: float) -> Pixels:
    """Fibres of paper, and colour that does not reach the edges."""
    cell = (view.side * 0.008, view.side * 0.012)
    fibre = noise(view.rng, view.height, view.width, cell=cell, octaves=2, gain=0.8)
    torn = noise(view.rng, view.height, view.width, cell=(view.side * 0.06,) * 2, octaves=2)
    edge = np.minimum(
        np.minimum(view.x, 1 - view.x) * view.width, np.minimum(view.y, 1 - view.y) * view.height
    )
    bare = 1 - np.clip((edge / (view.side * 0.045) - torn) * 3, 0, 1)
    bare *= min(1.0, strength * 1.6)
    sheet = colour("#f6efe0") * (0.96 + 0.06 * fibre)
    textured = pixels * (1 - strength * 0.1 * (fibre - 0.35))
    return mix(textured, sheet, bare)


def _vignetted(view: View, pixels: Pixels, strength: float) -> Pixels:
    shade = ((view.x - 0.5) ** 2 + (view.y - 0.5) ** 2) * strength
    return pixels * (1 - shade)


def grained(view: View, pixels: Pixels, strength: float) -> Pixels:
    """The grain of film, stronger in the middle tones."""
    grain = view.rng.random((view.height, view.width), np.float32) - 0.5
    grainy: Pixels = pixels + grain * (0.11 * strength)
    return grainy
