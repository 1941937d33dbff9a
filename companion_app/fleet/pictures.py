"""Pictures received from servers: checked before anything else touches them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

MAX_BYTES = 128 * 1024 * 1024
MAX_PIXELS = 80_000_000  # below Pillow's own alarm at 89 million
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


def fault_of(data: bytes) -> str | None:
    """What is wrong with a received picture, None if every pixel can be decoded.

    Blocks, for some 30 ms per million pixels: use a thread.
    """
    if len(data) > MAX_BYTES:
        return f"it has {len(data)} bytes, more than {MAX_BYTES}"
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                return f"it has {width} × {height} pixels, more than {MAX_PIXELS}"
            picture.verify()  # checksums, which decoding passes over
        with Image.open(BytesIO(data), formats=_FORMATS) as picture:
            picture.load()
    except _UNDECODABLE as error:
        return f"it cannot be decoded ({error})"
    except Image.DecompressionBombWarning:  # where warnings are errors
        return f"it has more than {MAX_PIXELS} pixels"
    return None
