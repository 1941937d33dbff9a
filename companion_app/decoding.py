"""Pictures received from servers: checked before anything else touches them.

Like ``thumbnails``, which does this in its processes, it imports nothing of ours.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from io import BytesIO

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


class Undecodable(Exception):
    """A picture that is none; the message goes on from "its picture is unusable: "."""


def decoded(data: bytes) -> Image.Image:
    """Every pixel of a received picture, as RGB; raises Undecodable.

    Blocks, for some 30 ms per million pixels.
    """
    if len(data) > MAX_BYTES:
        raise Undecodable(f"it has {len(data)} bytes, more than {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours
            return _pixels(data)
    except UnidentifiedImageError as error:
        raise Undecodable("it cannot be decoded: it is no PNG, JPEG or WebP") from error
    except _UNDECODABLE as error:
        raise Undecodable(f"it cannot be decoded ({error})") from error


def _pixels(data: bytes) -> Image.Image:
    if data.startswith(_PNG) and _has_too_many_chunks(data):
        raise Undecodable(f"it has more than {_MAX_CHUNKS} parts")
    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise Undecodable(f"it has {width} × {height} pixels, more than {MAX_PIXELS}")
        picture.verify()  # checksums, which decoding passes over
    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        return picture.convert("RGB")


def _has_too_many_chunks(data: bytes) -> bool:
    """Whether a PNG is made of more parts than any picture needs."""
    at, chunks = len(_PNG), 0
    while at + 8 <= len(data) and chunks <= _MAX_CHUNKS:
        at += 12 + int.from_bytes(data[at : at + 4], "big")  # length, kind, content, checksum
        chunks += 1
    return chunks > _MAX_CHUNKS
