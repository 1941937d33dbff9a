"""The texts a picture's file carries beside its pixels: PNG chunks, and EXIF of JPEG and WebP.

Read without decoding the picture, and within bounds: what is too long, too many or damaged is left
out, and nothing raises. A file of a few MiB could hold texts that fill any memory: packed, or in
EXIF whose entries all hold the same bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

MAX_TEXT = 4 * 1024 * 1024
"""Bytes of one text; the largest graphs need a tenth of it."""
PARAMETERS = "parameters"
"""The name under which AUTOMATIC1111 writes its text, in EXIF as the user's comment."""

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_MOST_PARTS = 20_000  # of a file
_MOST_TEXTS = 100  # of a file; programs write a handful
_MOST_TEXT = 4 * MAX_TEXT  # characters of all texts of a file
_EXIF = b"Exif\0\0"
_EXIF_DIRECTORY, _USER_COMMENT = 0x8769, 0x9286
_START_OF_SCAN = 0xDA  # of a JPEG: pixels follow
_BYTES = (1, 2, 7)  # kinds of EXIF values: bytes, letters, undefined


def embedded_texts(data: bytes) -> dict[str, str]:
    """Texts by their names, as in ``parameters`` or ``workflow``; empty for any other file."""
    texts: dict[str, str] = {}
    left = _MOST_TEXT
    for name, text in _named_texts(data):
        left -= len(text)
        if left < 0:
            break
        texts.setdefault(name, text)
    return texts


def _named_texts(data: bytes) -> Iterator[tuple[str, str]]:
    if data.startswith(_PNG):
        for kind, content in islice(_png_chunks(data), _MOST_TEXTS):
            yield from _exif_texts(content) if kind == b"eXIf" else _png_text(kind, content)
    elif data.startswith(_JPEG):
        exifs = (one for one in _jpeg_segments(data) if one.startswith(_EXIF))
        for content in islice(exifs, _MOST_TEXTS):
            yield from _exif_texts(content)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        exifs = (content for kind, content in _webp_chunks(data) if kind == b"EXIF")
        for content in islice(exifs, _MOST_TEXTS):
            yield from _exif_texts(content)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks that hold text."""
    at = len(_PNG)
    for _ in range(_MOST_PARTS):
        if at + 8 > len(data):
            return
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"comf", b"eXIf") and length <= MAX_TEXT:
            yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    """The contents of segments before the pixels."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    for _ in range(_MOST_PARTS):
        if at + 8 > len(data):
            return
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if length <= MAX_TEXT:
            yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _png_text(kind: bytes, content: bytes) -> Iterator[tuple[str, str]]:
    """``comf`` is ComfyUI's own chunk, in animated PNG files; it is made as ``tEXt`` is."""
    name, _, rest = content.partition(b"\0")
    if kind == b"zTXt":
        text = _unpacked(rest[1:])  # after the method, of which there is one
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # language, translated name
        text = _unpacked(rest) if packed else rest
    else:
        text = rest
    if text:
        yield name.decode("latin-1"), _decoded(text)


def _unpacked(packed: bytes) -> bytes:
    """Nothing for what is damaged or longer than any text."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_TEXT)
    except zlib.error:
        return b""
    return text if unpacker.eof else b""


def _decoded(text: bytes) -> str:
    """UTF-8, as most write it whatever the standard says; else Latin-1."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _exif_texts(content: bytes) -> Iterator[tuple[str, str]]:
    """The user's comment, and texts that say their name themselves, as ComfyUI's in WebP files."""
    with suppress(struct.error):  # damaged: what came before it counts
        for tag, value in _exif_values(content.removeprefix(_EXIF)):
            name, colon, text = value.partition(b":")
            if tag == _USER_COMMENT and (comment := _comment(value)):
                yield PARAMETERS, comment
            elif colon:
                yield name.decode("latin-1"), _decoded(text.removesuffix(b"\0"))


def _exif_values(tiff: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags with their bytes, one after the other: Pillow reads all at once, however many."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return
    directories = [struct.unpack_from(f"{order}I", tiff, 4)[0]]
    for directory in directories:
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for at in range(directory + 2, directory + 2 + 12 * min(count, _MOST_TEXTS), 12):
            tag, kind, size, place = struct.unpack_from(f"{order}HHII", tiff, at)
            if tag == _EXIF_DIRECTORY and not directories[1:]:
                directories.append(place)
            elif kind in _BYTES:
                start = place if size > 4 else at + 8
                yield tag, tiff[start : start + size]


def _comment(value: bytes) -> str:
    """Eight letters say how the rest is encoded; ``UNICODE`` leaves the order of bytes open."""
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        return text.decode(_byte_order(text), "replace").strip("\0 \ufeff")
    return _decoded(text if code in (b"ASCII\0\0\0", bytes(8)) else value).strip("\0 ")


def _byte_order(text: bytes) -> str:
    """Of most letters in prompts, the higher byte is zero."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if text[::2].count(0) >= text[1::2].count(0) else "utf-16-le"
