"""Pixels and the few operations everything is painted with.

Pictures are float32 arrays (3, height, width) of 0..1, which numpy paints four times as fast as
(height, width, 3); fields are (height, width), colours (3, 1, 1), and both broadcast.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[Any]  # float32 in practice, which the type of numpy's arithmetic cannot say
Colour = NDArray[Any]


def colour(code: str) -> Colour:
    """``"#ff8000"`` as floats (3, 1, 1)."""
    return np.array([[[int(code[i : i + 2], 16) / 255]] for i in (1, 3, 5)], np.float32)


def mix(first: Any, second: Any, share: Any) -> Pixels:
    """``share`` of the second, the rest of the first."""
    mixed: Pixels = (second - first) * share
    mixed += first
    return mixed


def paint(pixels: Pixels, what: Any, mask: Pixels) -> None:
    """Lay a colour or picture over ``pixels`` where ``mask`` is; in place."""
    change = what - pixels
    change *= mask
    pixels += change


def lighten(pixels: Pixels, light: Any, mask: Pixels) -> None:
    """Add light without burning out (screen blending); in place."""
    added = np.clip(mask * light, 0, 1)
    added *= 1 - pixels
    pixels += added


def resize(field: Pixels, height: int, width: int) -> Pixels:
    """Smooth scaling of a field."""
    scaled = Image.fromarray(field).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(scaled, np.float32)


def noise(
    rng: np.random.Generator,
    height: int,
    width: int,
    *,
    cell: tuple[float, float],
    octaves: int = 4,
    gain: float = 0.5,
) -> Pixels:
    """Smooth random field of about 0..1; ``cell`` is the size (y, x) in pixels of its blobs.

    Made at half size: nobody sees the difference.
    """
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    total = np.zeros((half_height, half_width), np.float32)
    weight, amount = 1.0, 0.0
    for octave in range(octaves):
        rows = int(half_height * 2 / cell[0] * 2**octave) + 2
        columns = int(half_width * 2 / cell[1] * 2**octave) + 2
        grid = rng.random((rows, columns), np.float32)
        total += weight * resize(grid, half_height, half_width)
        amount += weight
        weight *= gain
    total /= amount
    return np.clip((resize(total, height, width) - 0.5) * 1.7 + 0.5, 0, 1)


def ridge(
    rng: np.random.Generator, width: int, *, bumps: float, octaves: int, sharp: float = 0.0
) -> Pixels:
    """A skyline from 0 to 1 along ``width`` columns; ``sharp`` 1 gives peaks, 0 round hills."""
    x = np.linspace(0, 1, width, dtype=np.float32)
    total = np.zeros(width, np.float32)
    weight = 1.0
    for octave in range(octaves):
        count = max(2, round(bumps * 2**octave)) + 2
        knots = rng.random(count).astype(np.float32)
        place = x * (count - 2) + rng.random()
        left = place.astype(int)
        part = place - left
        smooth = mix(part * part * (3 - 2 * part), part, sharp)
        wave = mix(knots[left], knots[left + 1], smooth)
        total += weight * mix(wave, 1 - np.abs(2 * wave - 1), sharp)
        weight *= 0.5
    total -= total.min()
    return np.asarray(total / max(float(total.max()), 1e-6), np.float32)


def fetched(pixels: Pixels, rows: Pixels, columns: Pixels) -> Pixels:
    """The picture whose every pixel comes from the place ``rows``, ``columns`` says."""
    _, height, width = pixels.shape
    rows = np.clip(rows, 0, height - 1).astype(np.int32)
    columns = np.clip(columns, 0, width - 1).astype(np.int32)
    moved: Pixels = np.take(pixels.reshape(3, -1), rows * width + columns, axis=1)
    return moved


def blur(field: Pixels, radius: float) -> Pixels:
    """Soft blur by shrinking and enlarging; cheap for any radius."""
    height, width = field.shape[-2:]
    small = (max(2, round(height / radius)), max(2, round(width / radius)))
    if field.ndim == 2:
        shrunk = Image.fromarray(field).resize((small[1], small[0]), Image.Resampling.BOX)
        return resize(np.asarray(shrunk, np.float32), height, width)
    return np.stack([blur(plane, radius) for plane in field])


def to_image(pixels: Pixels) -> Image.Image:
    """As an 8-bit picture."""
    eight_bit = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(plane) for plane in eight_bit])


def from_image(picture: Image.Image) -> Pixels:
    """From an 8-bit picture."""
    planes = picture.convert("RGB").split()
    pixels: Pixels = np.stack([np.asarray(plane, np.float32) for plane in planes])
    return pixels / 255
