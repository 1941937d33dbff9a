"""Subjects as silhouettes against the light: drawn large as polygons, then laid over the land."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from .brief import Brief
from .canvas import Pixels, colour, lighten, mix, paint
from .palette import Palette
from .view import View

_OVERSAMPLING = 3
_LAMP = colour("#ffcf70")
Pen = ImageDraw.ImageDraw
Point = tuple[float, float]


def paint_subjects(view: View, brief: Brief, palette: Palette, pixels: Pixels) -> None:
    """Every subject of the brief, each at its usual place."""
    aside = 1 - view.sun_x
    water = bool(brief.places & {"sea", "lake"})
    ground = view.horizon + 0.02
    placed: dict[str, tuple[Callable[[Pen], None], float, float, float]] = {
        "castle": (_castle, aside, ground, 0.34),
        "lighthouse": (_lighthouse, 0.22 if view.sun_x > 0.5 else 0.78, ground + 0.02, 0.36),
        "cabin": (_cabin, aside, 0.93 if water else view.horizon + 0.14, 0.3 if water else 0.2),
        "boat": (_boat, view.sun_x + 0.12, view.horizon + 0.1, 0.2),
        "birds": (_birds, 0.5, 0.4, 0.5),
        "cat": (_cat, aside, 0.97, 0.3),
        "figure": (_figure, (aside + 0.5) / 2, 0.985, 0.52),
    }
    for name, (shape, x, base, size) in placed.items():
        if name in brief.subjects:
            _place(view, palette, pixels, shape, x, base, size)
            if name in {"castle", "lighthouse", "cabin"} and brief.is_dark:
                _light_windows(view, pixels, x, base - size * 0.3)
    if brief.subjects & {"figure", "cat"}:
        _paint_mound(view, palette, pixels)


def _place(
    view: View,
    palette: Palette,
    pixels: Pixels,
    shape: Callable[[Pen], None],
    x: float,
    base: float,
    size: float,
) -> None:
    """Draw a shape in a square whose lower edge stands on ``base``; ``size`` in shorter sides."""
    side = int(size * view.side)
    mask = _mask(shape, side)
    left, top = int(x * view.width) - side // 2, int(base * view.height) - side
    rows = slice(max(0, top), min(view.height, top + side))
    columns = slice(max(0, left), min(view.width, left + side))
    part = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if not part.size:
        return
    edge = np.clip(part - np.roll(part, 2 if view.sun_x < x else -2, axis=1), 0, 1)
    body = mix(palette.near * 0.8, palette.far, 0.12)
    paint(pixels[:, rows, columns], body, part)
    lighten(pixels[:, rows, columns], palette.sun, edge * 0.55)


def _mask(shape: Callable[[Pen], None], side: int) -> Pixels:
    drawn = Image.new("L", (1000, 1000))
    shape(ImageDraw.Draw(drawn))
    return np.asarray(drawn.resize((side, side), Image.Resampling.BOX), np.float32) / 255


def _light_windows(view: View, pixels: Pixels, x: float, y: float) -> None:
    glow = 0.5 / (1 + (view.distance(x, y) / 0.03) ** 2)
    lighten(pixels, _LAMP, glow)


def _paint_mound(view: View, palette: Palette, pixels: Pixels) -> None:
    """Dark ground under whoever stands in front."""
    line = 0.955 + 0.05 * ((view.x[0] - 0.5) * 2) ** 2
    first = int(line.min() * view.height)
    mask = np.clip((view.y[first:] - line[None, :]) * view.height + 0.5, 0, 1)
    paint(pixels[:, first:], palette.near * 0.75, mask)


# Shapes, in a square of 1000


def _figure(pen: Pen) -> None:
    """Somebody standing with the back to us, in a long coat."""
    pen.ellipse((455, 90, 545, 195), 255)
    pen.polygon([(462, 120), (440, 215), (470, 260), (530, 260), (560, 215), (538, 120)], 255)
    pen.polygon([(485, 180), (515, 180), (522, 230), (478, 230)], 255)
    coat: list[Point] = [(478, 222), (418, 262), (396, 420), (404, 560), (372, 800), (428, 815)]
    coat += [(500, 805), (572, 815), (628, 800), (596, 560), (604, 420), (582, 262), (522, 222)]
    pen.polygon(coat, 255)
    pen.polygon([(450, 780), (492, 780), (488, 985), (448, 985)], 255)
    pen.polygon([(508, 780), (550, 780), (552, 985), (512, 985)], 255)


def _cat(pen: Pen) -> None:
    """A cat sitting, tail around its feet."""
    pen.polygon([(400, 150), (418, 20), (480, 110), (540, 110), (602, 20), (620, 150)], 255)
    pen.ellipse((385, 85, 635, 315), 255)
    pen.polygon([(430, 280), (345, 560), (320, 980), (690, 980), (672, 560), (590, 280)], 255)
    pen.ellipse((300, 560, 715, 1000), 255)
    pen.arc((560, 700, 930, 1000), 270, 90, 255, 60)
    pen.line([(620, 970), (760, 970)], 255, 60)


def _castle(pen: Pen) -> None:
    """Towers with pointed roofs around a keep."""
    pen.polygon([(80, 1000), (200, 860), (800, 860), (920, 1000)], 255)
    pen.rectangle((250, 600, 750, 900), 255)
    for left, top, wide in ((220, 480, 90), (690, 520, 90), (400, 330, 110), (540, 420, 80)):
        pen.rectangle((left, top, left + wide, 900), 255)
        pen.polygon(
            [(left - 18, top), (left + wide / 2, top - wide * 1.7), (left + wide + 18, top)], 255
        )
    for left in range(250, 750, 50):
        pen.rectangle((left, 575, left + 26, 605), 255)
    for x, y in ((448, 420), (262, 560), (728, 600), (575, 500)):
        pen.rectangle((x, y, x + 14, y + 34), 90)


def _lighthouse(pen: Pen) -> None:
    """A tower on a rock."""
    pen.polygon([(150, 1000), (300, 900), (420, 870), (640, 880), (780, 940), (900, 1000)], 255)
    pen.polygon([(430, 900), (460, 330), (560, 330), (590, 900)], 255)
    pen.rectangle((435, 310, 585, 340), 255)
    pen.rectangle((465, 230, 555, 310), 150)
    pen.rectangle((500, 230, 520, 310), 255)
    pen.polygon([(450, 232), (510, 150), (570, 232)], 255)


def _cabin(pen: Pen) -> None:
    """A small house with a chimney."""
    pen.rectangle((220, 640, 780, 1000), 255)
    pen.polygon([(150, 660), (500, 380), (850, 660)], 255)
    pen.rectangle((640, 380, 710, 560), 255)
    pen.rectangle((310, 740, 420, 850), 70)
    pen.rectangle((580, 740, 690, 850), 70)


def _boat(pen: Pen) -> None:
    """A sailing boat."""
    pen.polygon([(200, 860), (800, 860), (700, 980), (280, 980)], 255)
    pen.polygon([(490, 830), (490, 160), (230, 800)], 235)
    pen.polygon([(520, 830), (520, 240), (740, 800)], 215)
    pen.rectangle((494, 120, 510, 870), 255)


def _birds(pen: Pen) -> None:
    """A loose flock."""
    for x, y, size in (
        (300, 300, 46),
        (390, 360, 36),
        (470, 280, 40),
        (560, 390, 30),
        (250, 420, 28),
    ):
        pen.line([(x - size, y - size * 0.5), (x, y), (x + size, y - size * 0.5)], 255, 9)
