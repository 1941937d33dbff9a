"""Pictures as a model takes them: fitted to its size, and known by what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from vibes.decoding import Undecodable, pixel_hash, upright

__all__ = [
    "Fit",
    "Picture",
    "Pixels",
    "Undecodable",
    "fitted",
    "perceptual_hash",
    "picture_of",
    "read_picture",
]

Pixels = npt.NDArray[np.uint8]

READ_AT_LEAST = 1024
"""Pixels the shorter side of a large JPEG keeps when it is read smaller: twice what models take."""

_HASHED_SIDE = 32  # pixels of the square whose frequencies make the perceptual hash
_LONGEST = 16  # times the shorter side
_FREQUENCIES = 8  # the lowest, in each direction: 64 bits
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model wants its pictures: squares of ``side`` pixels.

    ``shortest`` scales the shorter side and cuts the middle out, ``longest`` scales the longer one
    and fills up with black, ``squash`` scales both.
    """

    side: int
    mode: Literal["shortest", "longest", "squash"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that was read; ``width`` and ``height`` in pixels, as its viewer sees it.

    ``pixels`` is (side, side, 3). ``pixel_hash`` is a SHA-256 in hex over width, height and the
    RGB values of the upright picture, row by row, as 8-bit numbers: equal for the same picture in
    another file, of another lossless format, or with other metadata. Of a JPEG with a shorter side
    of 2048 pixels or more, the values are those of the reduced size it is read at; which that is
    depends on the picture alone, never on the model. ``phash`` is as ``perceptual_hash`` says.
    """

    pixels: Pixels
    pixel_hash: str
    phash: int
    width: int
    height: int


def read_picture(data: bytes, fit: Fit) -> Picture:
    """A PNG, JPEG or WebP, upright; raises Undecodable over what is none or too large."""
    picture, size = upright(data, at_least=READ_AT_LEAST)
    return picture_of(picture, fit, size=size)


def picture_of(picture: Image.Image, fit: Fit, *, size: tuple[int, int] | None = None) -> Picture:
    """A picture in memory, upright; ``size`` is that of its file where it was read smaller."""
    picture = picture.convert("RGB")
    hashes = pixel_hash(picture), perceptual_hash(picture)
    return Picture(fitted(picture, fit), *hashes, *(size or picture.size))


def fitted(picture: Image.Image, fit: Fit) -> Pixels:
    """The square a model takes, (side, side, 3).

    The same values as open_clip's own transform for evaluation, before it normalises them; of a
    strip more than 16 times as long as wide, those of its middle.
    """
    picture = _shortened(picture.convert("RGB"))
    resized = picture.resize(_scaled(picture.size, fit), _FILTERS[fit.interpolation])
    left, top = (_middle(have, fit.side) for have in resized.size)
    # Places outside the picture are black.
    return np.asarray(resized.crop((left, top, left + fit.side, top + fit.side)))


def perceptual_hash(picture: Image.Image) -> int:
    """64 bits that hardly change when a picture is scaled, compressed or brightened.

    pHash: which of the 8 × 8 lowest frequencies (DCT-II) of the grey picture, 32 × 32 pixels, are
    stronger than their median. Chosen over the difference hash, whose bits compare neighbouring
    pixels and flip with grain; two pictures are near when at most 6 bits differ.
    """
    square, smooth = (_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.LANCZOS
    small = picture.resize(square, smooth, reducing_gap=2.0).convert("L")
    found = _COSINES @ np.asarray(small, dtype=np.float64) @ _COSINES.T
    # Rounded: in a picture of one colour they are zero, but for the last digits.
    strengths = np.round(found, 6).ravel()
    bits = strengths > np.median(strengths)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _shortened(picture: Image.Image) -> Image.Image:
    """Scaling a strip of one pixel's width up to a model's would fill the memory."""
    longest = _LONGEST * min(picture.size)
    if max(picture.size) <= longest:
        return picture
    width, height = (min(side, longest) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _scaled(size: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """Width and height before cutting: rounded as torchvision and open_clip do, each its way."""
    width, height = size
    if fit.mode == "squash":
        return fit.side, fit.side
    if fit.mode == "longest":
        ratio = max(width, height) / fit.side
        return max(1, round(width / ratio)), max(1, round(height / ratio))
    if width <= height:
        return fit.side, int(fit.side * height / width)
    return int(fit.side * width / height), fit.side


def _middle(have: int, side: int) -> int:
    """Where a piece of ``side`` pixels begins in ``have``; negative where there are fewer."""
    return round((have - side) / 2) if have >= side else -((side - have) // 2)


def _cosines() -> npt.NDArray[np.float64]:
    """The rows of the DCT-II matrix that belong to the lowest frequencies."""
    places = np.pi * (np.arange(_HASHED_SIDE) + 0.5) / _HASHED_SIDE
    return np.cos(np.arange(_FREQUENCIES)[:, None] * places)


_COSINES = _cosines()
