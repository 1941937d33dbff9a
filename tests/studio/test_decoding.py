"""Only pictures that can be decoded are collected."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from companion_app import decoding
from companion_app.decoding import Undecodable, decoded


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
