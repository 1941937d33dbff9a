"""Only pictures that can be decoded are collected."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vibes import decoding
from vibes.decoding import Undecodable, decoded, upright


def encoded(kind: str, size: tuple[int, int] = (32, 32)) -> bytes:
    buffer = BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def fault_of(data: bytes) -> str | None:
    try:
        decoded(data)
    except Undecodable as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_whole_picture_has_no_fault(kind):
    assert fault_of(encoded(kind)) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_cut_short_cannot_be_decoded(kind):
    whole = encoded(kind)
    assert "decoded" in fault_of(whole[: len(whole) // 2])


@pytest.mark.parametrize("data", [b"", b"<html>", b"\x89PNG\r\n\x1a\n"])
def test_anything_else_is_no_picture(data):
    assert "decoded" in fault_of(data)


def test_right_checksums_over_wrong_pixels_are_seen_through(undecodable_png):
    assert "decoded" in fault_of(undecodable_png)


WHOLE = {kind: encoded(kind) for kind in ("PNG", "JPEG", "WEBP")}


@given(
    kind=st.sampled_from(sorted(WHOLE)),
    damage=st.dictionaries(st.integers(0, 10_000), st.integers(0, 255)),
)
def test_no_damage_is_an_error_of_ours(kind, damage):
    data = bytearray(WHOLE[kind])
    for place, byte in damage.items():
        data[place % len(data)] = byte
    fault = fault_of(bytes(data))
    assert fault is None or fault.startswith("it ")


def test_other_formats_are_refused():
    assert "decoded" in fault_of(encoded("GIF"))


def test_a_picture_with_too_many_pixels_is_refused_unread(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1000)
    assert "pixels" in fault_of(encoded("PNG"))


def test_too_many_bytes_are_refused_unread(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_BYTES", 100)
    assert "bytes" in fault_of(encoded("PNG"))


def photograph(orientation: int, size: tuple[int, int] = (64, 32)) -> bytes:
    """A JPEG whose left half is red, as a camera held that way would store it."""
    picture = Image.new("RGB", size, "blue")
    picture.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_viewer_sees_it(orientation):
    data = photograph(orientation)
    turned, size = upright(data, at_least=1024)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert size == turned.size == expected.size
    assert turned.tobytes() == expected.convert("RGB").tobytes()


def test_a_large_jpeg_is_read_smaller_but_never_below_what_was_asked_for():
    turned, size = upright(photograph(6, (2100, 1030)), at_least=512)
    assert size == (1030, 2100)
    assert turned.size == (515, 1050)


def test_exif_that_is_rubbish_turns_nothing():
    out = BytesIO()
    Image.new("RGB", (8, 4)).save(out, "JPEG", exif=b"Exif\0\0MM\0*" + bytes(range(200)))
    assert upright(out.getvalue(), at_least=8).size == (8, 4)
