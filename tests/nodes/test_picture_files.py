"""Files of pictures: what they carry, and that several writers never harm each other's."""

from __future__ import annotations

import errno
import io
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from comfy_nodes.picture_files import ENDINGS, Encoding, encode, write_new
from vibes.scoring.embedded_texts import embedded_texts

TEXTS = {
    "prompt": json.dumps({"1": {"class_type": "Ä"}}),
    "workflow": json.dumps({"nodes": []}),
    "parameters": "ein Böötchen, 日本 😀\nSteps: 2, Seed: 1, Size: 3x4",
    "vibes": json.dumps({"version": 1}),
}
ENCODINGS = [Encoding("PNG"), Encoding("WebP"), Encoding("WebP", lossless=True), Encoding("JPEG")]


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    rng = np.random.default_rng(1)
    return Image.fromarray(rng.integers(0, 256, (height, width, channels), dtype=np.uint8))


def told(data: bytes) -> dict[str, str]:
    """The texts as Pillow alone reads them, from where ComfyUI and AUTOMATIC1111 look for them."""
    picture = Image.open(io.BytesIO(data))
    if picture.format == "PNG":
        return dict(picture.text)  # type: ignore[attr-defined]
    exif = picture.getexif()
    found = dict(exif[tag].split(":", 1) for tag in (0x0110, 0x010F, 0x010E))
    comment = exif.get_ifd(0x8769)[0x9286]
    assert comment.startswith(b"UNICODE\0")
    return {**found, "parameters": comment[8:].decode("utf-16-be")}


@pytest.mark.parametrize("how", ENCODINGS)
@pytest.mark.parametrize("size", [(64, 96), (33, 17)])
def test_every_format_carries_every_text(how: Encoding, size: tuple[int, int]) -> None:
    data, left_out = encode(noise(*size), how, TEXTS)
    assert told(data) == TEXTS == embedded_texts(data)
    assert left_out == ()
    assert Image.open(io.BytesIO(data)).size == size


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("how", [Encoding("PNG"), Encoding("WebP", lossless=True)])
def test_without_loss_means_the_very_pixels(how: Encoding, channels: int) -> None:
    picture = noise(33, 17, channels)
    data = encode(picture, how, TEXTS).data
    assert Image.open(io.BytesIO(data)).convert(picture.mode).tobytes() == picture.tobytes()


def test_a_jpeg_of_a_picture_with_holes_is_written() -> None:
    data = encode(noise(8, 8, 4), Encoding("JPEG"), {}).data
    assert Image.open(io.BytesIO(data)).mode == "RGB"


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 9))
def test_the_editor_finds_the_graph_in_a_webp_though_it_overlooks_what_fills_up(
    width: int, height: int, lossless: bool, more: int
) -> None:
    texts = {**TEXTS, "workflow": "x" * more}
    data = encode(noise(width, height), Encoding("WebP", lossless=lossless), texts).data
    kinds, at = [], 12
    while at < len(data):  # as its getWebpMetadata walks, without regard to odd lengths
        kinds.append(data[at : at + 4])
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    assert b"EXIF" in kinds
    assert at == len(data)


def test_a_jpeg_without_room_goes_without_the_workflow_and_then_without_the_graph() -> None:
    large = "x" * 70_000
    one = encode(noise(8, 8), Encoding("JPEG"), {**TEXTS, "workflow": large})
    assert (one.left_out, "workflow" in embedded_texts(one.data)) == (("workflow",), False)
    both = encode(noise(8, 8), Encoding("JPEG"), {**TEXTS, "workflow": large, "prompt": large})
    assert both.left_out == ("workflow", "prompt")
    assert embedded_texts(both.data).keys() == {"parameters", "vibes"}


def test_numbers_go_on_from_the_last_one_of_any_format(tmp_path: Path) -> None:
    for name in ("a_00007_.webp", "a_x_.png", "b_00009_.png", "a_00003_.png", "a_00099_.png.part"):
        (tmp_path / name).touch()
    assert write_new(tmp_path, "a_", "_", ".png", b"1").name == "a_00008_.png"
    assert write_new(tmp_path / "new" / "er", "", "-x", ".jpg", b"1").name == "00001-x.jpg"
    assert write_new(tmp_path / "new" / "er", "", "-x", ".jpg", b"2").name == "00002-x.jpg"
    assert not list(tmp_path.rglob(".*.part"))


def _write_many(place: tuple[str, int]) -> list[str]:
    folder, writer = place
    return [write_new(Path(folder), "a_", "_", ".png", b"%d" % writer).name for _ in range(40)]


def test_processes_that_share_a_folder_replace_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as processes:
        written = list(processes.map(_write_many, [(str(tmp_path), n) for n in range(4)]))
    names = [name for some in written for name in some]
    assert len(set(names)) == len(names) == len(list(tmp_path.iterdir())) == 160
    for writer, some in enumerate(written):
        assert {(tmp_path / name).read_bytes() for name in some} == {b"%d" % writer}


@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL])
def test_a_disk_without_links_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def link(*paths: Any) -> None:
        raise OSError(number, "as one system or another says it")

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "a_00001_.png").write_bytes(b"old")
    assert write_new(tmp_path, "a_", "_", ".png", b"new").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_00001_.png", "a_00002_.png"]


def test_a_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*paths: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", fail)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_new(tmp_path, "a_", "_", ENDINGS["PNG"], b"1")
    assert list(tmp_path.iterdir()) == []
