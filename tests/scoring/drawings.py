"""Drawings of known content: what a tiny CLIP is trained and tested on.

A drawing shows one thing of one colour and size, in one place, under one light. The rest is chance:
where exactly it stands, how it is turned, shades and noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

SIDE = 96  # px
_FINER = 3  # drawn so many times larger, then averaged: soft edges
_STARS = 14

COLOURS: Mapping[str, Colour] = {
    "red": (205, 35, 40),
    "orange": (245, 140, 25),
    "yellow": (245, 220, 45),
    "green": (45, 150, 60),
    "blue": (40, 80, 205),
    "purple": (135, 50, 160),
    "white": (245, 245, 245),
    "black": (22, 22, 22),
}
LIGHTS: Mapping[str, tuple[Colour, Colour]] = {
    "night": ((12, 16, 52), (38, 44, 92)),
    "day": ((125, 190, 240), (205, 232, 250)),
    "sunset": ((120, 62, 120), (250, 165, 110)),
    "fog": ((188, 190, 192), (206, 207, 208)),
}
"""The colours at the top and at the bottom of the sky."""
SIZES: Mapping[str, float] = {"small": 0.15, "large": 0.24}
"""Half the width of what is shown, in widths of the picture."""
PLACES: Mapping[str, tuple[float, float]] = {
    "left": (0.25, 0.5),
    "right": (0.75, 0.5),
    "top": (0.5, 0.25),
    "bottom": (0.5, 0.75),
    "middle": (0.5, 0.5),
}
_FOG = 0.35  # how much of the sky's colour lies over everything


def _round(
    count: int, start: float = 0.0, radii: Sequence[float] = (1.0,)
) -> list[tuple[float, float]]:
    """Corners at equal angles, their distances from the middle in turn; ``start`` in degrees."""
    angles = [math.radians(start + 360 * n / count) for n in range(count)]
    lengths = [radii[n % len(radii)] for n in range(count)]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(lengths, angles, strict=True)]


def _heart() -> list[tuple[float, float]]:
    turns = [math.tau * n / 40 for n in range(40)]
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16,
        )
        for t in turns
    ]


def _fish() -> list[tuple[float, float]]:
    body = [(x * 0.7 - 0.3, y * 0.5) for x, y in _round(30, 20)][:28]
    return [*body, (1.0, -0.6), (0.8, 0.0), (1.0, 0.6)]


_ARM = 0.35
SHAPES: Mapping[str, Points] = {
    "circle": _round(48),
    "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "triangle": [(0, -0.95), (1, 0.85), (-1, 0.85)],
    "star": _round(10, -90, (1.1, 0.45)),
    "heart": _heart(),
    "cross": [
        *((-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM)),
        *((_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM)),
    ],
    "house": [(0, -1), (1, -0.2), (0.7, -0.2), (0.7, 0.9), (-0.7, 0.9), (-0.7, -0.2), (-1, -0.2)],
    "tree": [
        *((0, -1.1), (0.5, -0.3), (0.3, -0.3), (0.8, 0.5), (0.17, 0.5), (0.17, 1.1)),
        *((-0.17, 1.1), (-0.17, 0.5), (-0.8, 0.5), (-0.3, -0.3), (-0.5, -0.3)),
    ],
    "boat": [
        *((0, -1.1), (0.75, 0.15), (0.08, 0.15), (0.08, 0.3), (1.1, 0.3), (0.65, 0.9)),
        *((-0.65, 0.9), (-1.1, 0.3), (-0.08, 0.3), (-0.08, -1)),
    ],
    "fish": _fish(),
}
"""Outlines around (0, 0), about 1 from the middle to the edge; y points down."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a drawing shows."""

    colour: str
    shape: str
    size: str
    place: str
    light: str


VALUES: Mapping[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "shape": tuple(SHAPES),
    "size": tuple(SIZES),
    "place": tuple(PLACES),
    "light": tuple(LIGHTS),
}
"""Each slot of a scene, and what may stand there."""
assert tuple(VALUES) == tuple(field.name for field in fields(Scene))


def held_out(scene: Scene) -> bool:
    """Whether its colour, shape and place together are kept from training: one in nine.

    Any two of them are drawn there, so that none says anything about another.
    """
    colour, shape, place = (
        VALUES[slot].index(getattr(scene, slot)) for slot in ("colour", "shape", "place")
    )
    return (4 * colour + 2 * shape + place) % 9 == 0


def scenes(rng: np.random.Generator, *, unseen: bool) -> Iterator[Scene]:
    """Scenes without end, in no order: of held-out combinations alone, or of the others alone."""
    every = [Scene(*values) for values in product(*VALUES.values())]
    wanted = [scene for scene in every if held_out(scene) == unseen]
    while True:
        yield wanted[rng.integers(len(wanted))]


def draw(scene: Scene, rng: np.random.Generator, side: int = SIDE) -> Image.Image:
    """A drawing of the scene, ``side`` px wide and high; equal rng, equal drawing."""
    picture = _sky(scene.light, rng, side * _FINER)
    fill = _shade(COLOURS[scene.colour], rng)
    outline = _shade((105, 105, 105), rng) if scene.colour == "black" else _dark(fill)
    corners = _placed(scene, rng, side * _FINER)
    pen = ImageDraw.Draw(picture)
    pen.polygon(corners, fill=fill, outline=outline, width=max(side * _FINER // 96, 1))
    if scene.light == "fog":
        picture = Image.blend(picture, _sky("fog", rng, side * _FINER), _FOG)
    return _noisy(picture.reduce(_FINER), rng)


def _sky(light: str, rng: np.random.Generator, side: int) -> Image.Image:
    ends = np.array([_shade(colour, rng) for colour in LIGHTS[light]], dtype=np.float64)
    share = np.linspace(0, 1, side)[:, None]
    rows = (ends[0] * (1 - share) + ends[1] * share).astype(np.uint8)
    sky = Image.fromarray(np.repeat(rows[:, None], side, axis=1))
    if light == "night":
        pen = ImageDraw.Draw(sky)
        for x, y in rng.uniform(0, side, (_STARS, 2)):
            pen.ellipse((x, y, x + side / 80, y + side / 80), fill=(220, 220, 235))
    return sky


def _placed(scene: Scene, rng: np.random.Generator, side: int) -> list[tuple[float, float]]:
    turn = math.radians(rng.uniform(-10, 10))
    radius = SIZES[scene.size] * rng.uniform(0.9, 1.1) * side
    x, y = (np.array(PLACES[scene.place]) + rng.uniform(-0.04, 0.04, 2)) * side
    cos, sin = radius * math.cos(turn), radius * math.sin(turn)
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in SHAPES[scene.shape]]


def _shade(colour: Colour, rng: np.random.Generator) -> Colour:
    red, green, blue = (int(value) for value in np.array(colour) + rng.integers(-12, 13, 3))
    return (min(max(red, 0), 255), min(max(green, 0), 255), min(max(blue, 0), 255))


def _dark(colour: Colour) -> Colour:
    return (colour[0] // 2, colour[1] // 2, colour[2] // 2)


def _noisy(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels: npt.NDArray[np.float64] = np.asarray(picture) + rng.normal(
        0, rng.uniform(0, 6), (picture.height, picture.width, 3)
    )
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
