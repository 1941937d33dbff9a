"""Pictures from elsewhere: checked before anything else touches them.

It imports nothing of ours, so that processes which only shrink pictures stay small.
"""

from __future__ import annotations

import hashlib
import struct
import warnings
import zlib
from io import BytesIO
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 128 * 1024 * 1024
MAX_PIXELS = 80_000_000  # below Pillow's own alarm at 89 million
_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 20_000  # of a PNG: Pillow needs 10 µs for each, and a real one has a few thousand
_FORMATS = ("PNG", "JPEG", "WEBP")
#: What Pillow is known to raise over pictures that are wrong inside.
_UNDECODABLE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_ORIENTATION = 0x0112  # EXIF: how the camera was held
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


class Undecodable(Exception):
    """A picture that is none; the message goes on from "its picture is unusable: "."""


class Upright(NamedTuple):
    """A picture as its viewer sees it, in RGB; ``size`` is that of the file, turned alike."""

    picture: Image.Image
    size: tuple[int, int]


def decoded(data: bytes) -> Image.Image:
    """Every pixel of a received picture, as RGB; raises Undecodable.

    Blocks, for some 30 ms per million pixels.
    """
    return _guarded(data, None).picture


def upright(data: bytes, *, at_least: int) -> Upright:
    """A picture turned as its EXIF says; raises Undecodable.

    A JPEG of far more pixels is read at a half, a quarter or an eighth of its size, which takes a
    fraction of the time, as long as its shorter side keeps ``at_least`` pixels.
    """
    return _turned(_guarded(data, at_least))


def pixel_hash(picture: Image.Image) -> str:
    """A SHA-256 in hex over width, height and the RGB values, row by row, as 8-bit numbers."""
    digest = hashlib.sha256(f"{picture.width} {picture.height} ".encode())
    digest.update(picture.tobytes())
    return digest.hexdigest()


def _guarded(data: bytes, at_least: int | None) -> Upright:
    if len(data) > MAX_BYTES:
        raise Undecodable(f"it has {len(data)} bytes, more than {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what counts is raised; the limit of pixels is ours
            return _pixels(data, at_least)
    except UnidentifiedImageError as error:
        raise Undecodable("it cannot be decoded: it is no PNG, JPEG or WebP") from error
    except _UNDECODABLE as error:
        raise Undecodable(f"it cannot be decoded ({error})") from error


def _pixels(data: bytes, at_least: int | None) -> Upright:
    if data.startswith(_PNG) and _has_too_many_chunks(data):
        raise Undecodable(f"it has more than {_MAX_CHUNKS} parts")
    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise Undecodable(f"it has {width} × {height} pixels, more than {MAX_PIXELS}")
        picture.verify()  # checksums, which decoding passes over
    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        if at_least is not None:
            picture.draft(None, (at_least, at_least))
        return Upright(picture.convert("RGB"), (width, height))


def _has_too_many_chunks(data: bytes) -> bool:
    """Whether a PNG is made of more parts than any picture needs."""
    at, chunks = len(_PNG), 0
    while at + 8 <= len(data) and chunks <= _MAX_CHUNKS:
        at += 12 + int.from_bytes(data[at : at + 4], "big")  # length, kind, content, checksum
        chunks += 1
    return chunks > _MAX_CHUNKS


def _turned(found: Upright) -> Upright:
    picture, (width, height) = found
    orientation = _orientation(picture)
    turned = picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture
    return Upright(turned, (height, width) if orientation in _SIDEWAYS else (width, height))


def _orientation(picture: Image.Image) -> object:
    """What the EXIF says; None where it says nothing that can be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return picture.getexif().get(_ORIENTATION)
    except _UNDECODABLE:
        return None
