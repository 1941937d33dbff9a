"""Pictures as files, with the texts they carry; without ComfyUI."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import uuid4

from PIL import Image
from PIL.PngImagePlugin import PngInfo

Format = Literal["PNG", "WebP", "JPEG"]
ENDINGS: Mapping[Format, str] = {"PNG": ".png", "WebP": ".webp", "JPEG": ".jpg"}

PARAMETERS = "parameters"
COMPRESSION = 4
"""Of PNG, as ComfyUI's own files have it."""

_MODEL, _MAKE = 0x0110, 0x010F
"""EXIF fields in which ComfyUI writes ``name:text``: the prompt in one, others from the second on
downwards."""
_EXIF_DIRECTORY, _USER_COMMENT = 0x8769, 0x9286
_LONGEST_JPEG_EXIF = 65_533  # bytes
_DISPENSABLE = ("workflow", "prompt")
"""What a JPEG that is too small for all goes without, first to last."""


class Encoding(NamedTuple):
    """How pictures are written: ``quality``, 1 to 100, if not PNG; ``lossless`` if WebP."""

    format: Format = "PNG"
    quality: int = 90
    lossless: bool = False


class Encoded(NamedTuple):
    """A file's bytes, and the names of the texts that found no place in it."""

    data: bytes
    left_out: tuple[str, ...] = ()


def encode(picture: Image.Image, how: Encoding, texts: Mapping[str, str]) -> Encoded:
    """The file of a picture; ``texts`` by name, in PNG as text chunks, else in EXIF."""
    if how.format == "PNG":
        return Encoded(_png(picture, texts))
    if how.format == "WebP":
        options = {"quality": how.quality, "lossless": how.lossless, "exact": True}
        return Encoded(_even_chunks(_saved(picture, "WEBP", exif=_exif(texts), **options)))
    exif, left_out = _exif_within(texts, _LONGEST_JPEG_EXIF)
    data = _saved(picture.convert("RGB"), "JPEG", exif=exif, quality=how.quality)
    return Encoded(data, left_out)


def write_new(folder: Path, before: str, after: str, ending: str, data: bytes) -> Path:
    """Write under the next number, ``before00001after.png``, and return where.

    No file is replaced, whoever else writes there, and none is there by half. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{uuid4().hex}.part"
    try:
        part.write_bytes(data)
        places = _places(folder, before, after, ending)
        return next(place for place in places if _claim(part, place))
    finally:
        part.unlink(missing_ok=True)


def _png(picture: Image.Image, texts: Mapping[str, str]) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        # The other kind of chunk is Latin-1 by the letter and UTF-8 in practice: nobody can tell.
        add = info.add_text if text.isascii() else info.add_itxt
        add(name, text)
    return _saved(picture, "PNG", pnginfo=info, compress_level=COMPRESSION)


def _saved(picture: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def _exif(texts: Mapping[str, str]) -> bytes:
    """``parameters`` as the user's comment, where AUTOMATIC1111 writes it; others as ComfyUI's."""
    exif = Image.Exif()
    tags = count(_MAKE, -1)
    for name, text in texts.items():
        if name == PARAMETERS:
            comment = b"UNICODE\0" + text.encode("utf-16-be")
            exif.get_ifd(_EXIF_DIRECTORY)[_USER_COMMENT] = comment
        else:
            exif[_MODEL if name == "prompt" else next(tags)] = f"{name}:{text}"
    return exif.tobytes() if texts else b""


def _exif_within(texts: Mapping[str, str], longest: int) -> tuple[bytes, tuple[str, ...]]:
    left_out: list[str] = []
    for name in ("", *_DISPENSABLE, *(name for name in texts if name not in _DISPENSABLE)):
        if name in texts:
            left_out.append(name)
        exif = _exif({key: text for key, text in texts.items() if key not in left_out})
        if len(exif) <= longest:
            break
    return exif, tuple(left_out)


def _even_chunks(webp: bytes) -> bytes:
    """The same with every chunk of even length.

    ComfyUI's editor overlooks that a chunk of odd length is followed by a byte that fills up, and
    finds nothing behind one. What decodes pixels does not mind a zero after them.
    """
    file = bytearray(webp)
    at = 12
    while at + 8 <= len(file):
        length = int.from_bytes(file[at + 4 : at + 8], "little")
        length += length % 2
        file[at + 4 : at + 8] = length.to_bytes(4, "little")
        at += 8 + length
    return bytes(file)


def _places(folder: Path, before: str, after: str, ending: str) -> Iterator[Path]:
    """Names from the number on that follows the last one, of whatever format it is."""
    name = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}\.\w+")
    taken = (name.fullmatch(path.name) for path in folder.iterdir())
    last = max((int(found[1]) for found in taken if found), default=0)
    return (folder / f"{before}{number:05}{after}{ending}" for number in count(last + 1))


def _claim(part: Path, place: Path) -> bool:
    """Give a written file its name; False where there is one of that name."""
    try:
        os.link(part, place)
    except FileExistsError:
        return False
    except OSError:  # no links there, as on memory cards; each system says so in its own words
        return _claim_by_moving(part, place)
    return True


def _claim_by_moving(part: Path, place: Path) -> bool:
    """The same without links."""
    try:
        place.open("xb").close()
    except FileExistsError:
        return False
    try:
        part.replace(place)
    except OSError:
        place.unlink()
        raise
    return True
