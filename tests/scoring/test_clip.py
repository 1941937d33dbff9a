"""Models as folders hold them become vectors, whichever way they were made."""

from __future__ import annotations

import json
import shutil
import socket
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from vibes.errors import ScoringUnavailable
from vibes.scoring.clip import CONFIG, WEIGHTS, Clip, chosen_device, fingerprint, load_clip
from vibes.scoring.pictures import Fit, fitted
from vibes.scoring.torch_modules import load_modules, missing_modules

from .conftest import TINY_CLIP
from .drawings import draw, scenes
from .model_folders import BY_PARTS, SIGMOID, write_model, write_tokenizer

pytestmark = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed here")

TEXTS = ["a red circle", "a blue square", "a picture"]


@pytest.fixture(scope="module")
def drawings():
    rng = np.random.default_rng(5)
    return [draw(scene, rng) for scene in islice(scenes(rng, unseen=False), 40)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the trained model that a test may damage."""
    return Path(shutil.copytree(TINY_CLIP, tmp_path / "model"))


def pixels_of(pictures, fit: Fit):
    return np.stack([fitted(picture, fit) for picture in pictures])


def are_unit_rows(vectors, count: int, clip: Clip) -> bool:
    assert vectors.shape == (count, clip.dimensions)
    assert vectors.dtype == np.float32
    return bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5))


def test_pictures_and_texts_become_rows_of_unit_length(tiny_clip: Clip, drawings) -> None:
    assert are_unit_rows(tiny_clip.encode_images(pixels_of(drawings, tiny_clip.fit)), 40, tiny_clip)
    assert are_unit_rows(tiny_clip.encode_texts(TEXTS), 3, tiny_clip)


def test_nothing_becomes_no_rows(tiny_clip: Clip) -> None:
    side = tiny_clip.fit.side
    assert are_unit_rows(tiny_clip.encode_images(np.zeros((0, side, side, 3), "u1")), 0, tiny_clip)
    assert are_unit_rows(tiny_clip.encode_texts([]), 0, tiny_clip)


def test_a_text_of_any_length_is_read(tiny_clip: Clip) -> None:
    assert are_unit_rows(tiny_clip.encode_texts(["", "a red circle " * 500]), 2, tiny_clip)


def test_a_picture_is_seen_alike_alone_and_among_others(tiny_clip: Clip, drawings) -> None:
    pixels = pixels_of(drawings, tiny_clip.fit)
    together = tiny_clip.encode_images(pixels)
    alone = np.concatenate([tiny_clip.encode_images(one[None]) for one in pixels[::8]])
    assert np.sum(together[::8] * alone, axis=1).min() > 0.9999
    texts = tiny_clip.encode_texts(TEXTS * 100)
    assert np.abs(texts[-3:] - tiny_clip.encode_texts(TEXTS)).max() < 1e-5


def test_equal_pictures_have_equal_vectors(tiny_clip: Clip, drawings) -> None:
    pixels = pixels_of(drawings[:3], tiny_clip.fit)
    assert np.array_equal(tiny_clip.encode_images(pixels), tiny_clip.encode_images(pixels.copy()))


def test_pictures_are_seen_as_open_clip_itself_sees_them(tiny_clip: Clip, drawings) -> None:
    torch, open_clip = load_modules()
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{TINY_CLIP}")
    with torch.inference_mode():
        batch = torch.stack([preprocess(picture) for picture in drawings])
        wanted = model.eval().encode_image(batch, normalize=True).numpy()
    pixels = pixels_of(drawings, tiny_clip.fit)
    assert np.sum(tiny_clip.encode_images(pixels) * wanted, axis=1).min() > 0.999
    exact = load_clip(TINY_CLIP, device="cpu")
    exact._precision = None
    assert np.abs(exact.encode_images(pixels) - wanted).max() < 1e-5


def test_a_model_trained_on_pairs_tells_its_bias(tmp_path: Path, tiny_clip: Clip, drawings) -> None:
    clip = load_clip(write_model(tmp_path / "sigmoid", SIGMOID), device="cpu")
    assert clip.bias == -10
    assert clip.fit == Fit(32, "squash", "bicubic")
    assert are_unit_rows(clip.encode_images(pixels_of(drawings, clip.fit)), 40, clip)
    assert are_unit_rows(clip.encode_texts(TEXTS), 3, clip)
    assert tiny_clip.bias is None


def test_a_model_with_its_own_tokenizer_loads_without_any_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawings
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    folder = write_model(tmp_path / "own-words", BY_PARTS)
    write_tokenizer(folder)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    clip = load_clip(folder, device="cpu")
    assert are_unit_rows(clip.encode_images(pixels_of(drawings[:2], clip.fit)), 2, clip)
    one, other, same = clip.encode_texts(["a red circle", "a blue circle", "A red, circle."])
    assert np.allclose(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("tokenizer", [None, "{}"])
def test_a_tokenizer_that_is_missing_or_wrong_is_told_in_one_sentence(
    tmp_path: Path, tokenizer: str | None
) -> None:
    folder = write_model(tmp_path / "wordless", BY_PARTS)
    write_tokenizer(folder)
    (folder / "tokenizer_config.json").write_text(tokenizer or "{}")
    if tokenizer is None:
        (folder / "tokenizer.json").unlink()
    assert refused(folder).startswith(f"{folder} holds no CLIP model that works: ")


def test_broken_weights_are_told_in_one_sentence(folder: Path) -> None:
    weights = folder / WEIGHTS[0]
    weights.write_bytes(weights.read_bytes()[:1000])
    assert refused(folder).startswith(f"{folder} holds no CLIP model that works: ")


def test_weights_of_another_model_are_told_in_one_sentence(folder: Path) -> None:
    settings = json.loads((folder / CONFIG).read_text())
    settings["model_cfg"]["text_cfg"]["layers"] += 1
    (folder / CONFIG).write_text(json.dumps(settings))
    assert refused(folder).startswith(f"{folder} holds no CLIP model that works: ")


@pytest.mark.parametrize("settings", ["", "[]", "{}", '{"model_cfg": {}}', '{"model_cfg": 3}'])
def test_broken_settings_are_told_in_one_sentence(folder: Path, settings: str) -> None:
    (folder / CONFIG).write_text(settings)
    assert refused(folder).startswith(f"{folder} holds no CLIP model that works: ")


def test_a_folder_that_lacks_a_part_says_which(folder: Path) -> None:
    (folder / WEIGHTS[0]).unlink()
    assert f"{WEIGHTS[0]} is missing" in refused(folder)
    (folder / CONFIG).unlink()
    assert f"no {CONFIG} there" in refused(folder)


def refused(folder: Path) -> str:
    """What a user is told; one line, whatever libraries had to say."""
    with pytest.raises(ScoringUnavailable) as caught:
        load_clip(folder, device="cpu")
    told = str(caught.value)
    assert "\n" not in told
    assert len(told) < len(str(folder)) + 320
    return told


def test_equal_folders_have_equal_keys(tiny_clip: Clip, folder: Path) -> None:
    clip = load_clip(folder, device="cpu")
    assert clip.key == tiny_clip.key
    assert clip.name == "model"


@pytest.mark.parametrize("place", [0, 1 << 20, -1])
def test_other_weights_have_another_fingerprint(folder: Path, place: int) -> None:
    before = fingerprint(folder / WEIGHTS[0])
    changed = bytearray((folder / WEIGHTS[0]).read_bytes())
    changed[place] ^= 1
    (folder / WEIGHTS[0]).write_bytes(changed)
    assert fingerprint(folder / WEIGHTS[0]) != before


def test_other_settings_and_other_sizes_have_another_fingerprint(folder: Path) -> None:
    weights = folder / WEIGHTS[0]
    found = {fingerprint(weights)}
    with weights.open("ab") as file:
        file.write(b"\0")
    found.add(fingerprint(weights))
    with (folder / CONFIG).open("a") as file:
        file.write("\n")
    found.add(fingerprint(weights))
    assert len(found) == 3


def test_large_weights_are_sampled_all_over_instead_of_read(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("{}")
    weights = tmp_path / WEIGHTS[0]
    size = 1 << 33  # bytes, of which none takes up any space
    found = set()
    for share in (None, 0, 0.25, 0.5, 0.75, 1):
        with weights.open("wb") as file:
            file.truncate(size)
            if share is not None:
                file.seek(min(round(share * (size - (1 << 16))), size - 1))
                file.write(b"\1")
        found.add(fingerprint(weights))
    assert len(found) == 6


@pytest.mark.parametrize("device", ["cuda:99", "cpu:1", "mps:9"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    torch, _ = load_modules()
    with pytest.raises(ScoringUnavailable, match=f"no device '{device}'"):
        chosen_device(torch, device)


def test_the_processor_is_always_there() -> None:
    torch, _ = load_modules()
    assert chosen_device(torch, "cpu") == "cpu"
    assert chosen_device(torch, "auto") in ("cpu", "cuda", "mps")
