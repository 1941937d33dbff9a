"""Pictures made to cost more than they are worth."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from vibes.decoding import Undecodable, decoded

MIB = 2**20
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(extra: bytes = b"", *, after: bytes = b"", size: tuple[int, int] = (8, 8)) -> bytes:
    """A small picture that says it has this size, with chunks before and after its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + b"\1\2\3" * 8 for _ in range(8))))
    return SIGNATURE + header + extra + pixels + after + chunk(b"IEND", b"")


def animation(kind: str, frames: int) -> bytes:
    pictures = [Image.new("RGB", (16, 16), (n % 255, n // 255 % 255, 0)) for n in range(frames)]
    file = BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:])
    return file.getvalue()


BLANKS = zlib.compress(b" " * 32 * MIB)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"k\0\0" + BLANKS),
        chunk(b"iTXt", b"k\0\1\0\0\0" + BLANKS),
        chunk(b"iCCP", b"k\0\0" + BLANKS),
    ],
    ids=["text", "international text", "colour profile"],
)
def test_what_unpacks_without_end_beside_the_pixels_is_refused(extra: bytes) -> None:
    with pytest.raises(Undecodable):
        decoded(png(extra))


@pytest.mark.parametrize("size", [(10_000, 8_001), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (0, 8)])
def test_a_size_nobody_asked_for_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(Undecodable):
        decoded(png(size=size))


def test_pixels_beyond_the_picture_are_not_unpacked() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    bomb = chunk(b"IDAT", zlib.compress(b"\0" * 32 * MIB))
    assert decoded(SIGNATURE + header + bomb + chunk(b"IEND", b"")).size == (8, 8)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_film_only_the_first_frame_is_unpacked(kind: str) -> None:
    assert decoded(animation(kind, 1000)).size == (16, 16)


def test_what_follows_a_picture_or_lies_about_it_goes_no_further() -> None:
    """The original stays as the server sent it; what is made of it holds pixels only."""
    hidden = b"<script>alert(1)</script>"
    carrier = png(chunk(b"eXIf", b"MM\0*" + hidden * 1000), after=chunk(b"tEXt", b"k\0" + hidden))
    small = decoded(carrier + hidden)
    out = BytesIO()
    small.save(out, "WEBP")
    assert hidden not in out.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "EPS"])
def test_no_other_format_is_even_tried(kind: str) -> None:
    file = BytesIO()
    Image.new("RGB", (16, 16)).save(file, kind)
    with pytest.raises(Undecodable):
        decoded(file.getvalue())


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS\n", b"GIF89a"]
)
def test_what_is_a_program_is_no_picture(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decoded(data)


def test_a_picture_of_a_hundred_thousand_chunks_is_refused() -> None:
    with pytest.raises(Undecodable):
        decoded(png(chunk(b"tEXt", b"a\0b") * 100_000))
