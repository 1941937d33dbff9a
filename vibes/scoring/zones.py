"""Zones: parts of a picture that are looked at by themselves, because small things drown in it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from vibes.errors import ScoringUnavailable

from .pictures import Fit, Pixels, fitted

GROUP = "vibes.detectors"

MAX_ZONES = 4
"""As many are looked at: each costs a pass through the model."""
_PART = 1 / 2  # of the longer side: neighbours overlap, so that nothing is cut by every zone
_HAIR = 0.6  # of a face's height: how far hair reaches above it, and to both sides


class Box(NamedTuple):
    """Edges in pixels, as Pillow has them."""

    left: float
    top: float
    right: float
    bottom: float


class Zone(NamedTuple):
    """A part of a picture, by name."""

    name: str
    box: Box


class Detector(Protocol):
    """Finds faces; a package offers one by the entry point ``vibes.detectors``."""

    licence: str

    def faces(self, picture: Image.Image) -> Sequence[tuple[float, float, float, float]]:
        """Left, top, right and bottom of each face in pixels, the surest first."""
        ...


def find_detector() -> Detector | None:
    """The first installed detector; raises ScoringUnavailable for one that does not load."""
    for point in entry_points(group=GROUP):
        try:
            found: Detector = point.load()()
        except Exception as error:  # a stranger's code may raise anything
            raise ScoringUnavailable(f"The detector '{point.name}' fails: {error}") from error
        return found
    return None


def zones(picture: Image.Image, detector: Detector | None = None) -> tuple[Zone, ...]:
    """Each face with its hair, where a detector finds some; else overlapping thirds."""
    faces = list(detector.faces(picture))[:MAX_ZONES] if detector else []
    if faces:
        return tuple(Zone("face", _with_hair(Box(*face), picture.size)) for face in faces)
    return _thirds(*picture.size)


def crops(picture: Image.Image, parts: Sequence[Zone], fit: Fit) -> Pixels:
    """The zones as a model takes them, (n, side, side, 3)."""
    found = [fitted(picture.crop(_whole_pixels(zone.box)), fit) for zone in parts]
    return np.stack(found) if found else np.zeros((0, fit.side, fit.side, 3), dtype=np.uint8)


def _thirds(width: int, height: int) -> tuple[Zone, ...]:
    """Along the longer side; a square is cut from top to bottom, where faces and feet are."""
    if width > height:
        size = width * _PART
        starts = zip(
            ("left", "middle", "right"), (0, (width - size) / 2, width - size), strict=True
        )
        return tuple(Zone(name, Box(at, 0, at + size, height)) for name, at in starts)
    size = height * _PART
    starts = zip(("top", "middle", "bottom"), (0, (height - size) / 2, height - size), strict=True)
    return tuple(Zone(name, Box(0, at, width, at + size)) for name, at in starts)


def _with_hair(face: Box, size: tuple[int, int]) -> Box:
    reach = _HAIR * (face.bottom - face.top)
    return Box(
        max(face.left - reach, 0),
        max(face.top - reach, 0),
        min(face.right + reach, size[0]),
        min(face.bottom + reach, size[1]),
    )


def _whole_pixels(box: Box) -> tuple[int, int, int, int]:
    left, top = int(box.left), int(box.top)
    return left, top, max(int(box.right), left + 1), max(int(box.bottom), top + 1)
