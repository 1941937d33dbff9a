"""Pictures are fitted as the models' own code does it, and known by what they show."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from vibes.scoring.pictures import Fit, Undecodable, fitted, perceptual_hash, read_picture
from vibes.scoring.torch_modules import load_modules, missing_modules

MODES, INTERPOLATIONS = ("shortest", "longest", "squash"), ("bicubic", "bilinear")
FIT = Fit(32)


def drawn(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth colours, as in a picture, with some grain."""
    dice = np.random.default_rng(seed)
    coarse = Image.fromarray(dice.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = dice.integers(-6, 7, (height, width, 3))
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def distance(one: Image.Image, other: Image.Image) -> int:
    """Bits by which two pictures' perceptual hashes differ."""
    return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()


def open_clips_own(picture: Image.Image, fit: Fit) -> np.ndarray:
    """What open_clip makes of a picture, taken back to 8-bit numbers."""
    _, open_clip = load_modules()
    transform = open_clip.image_transform(
        fit.side, is_train=False, mean=(0,) * 3, std=(1,) * 3,
        resize_mode=fit.mode, interpolation=fit.interpolation,
    )  # fmt: skip
    return np.rint(transform(picture).permute(1, 2, 0).numpy() * 255).astype(np.int16)


@pytest.mark.skipif(bool(missing_modules()), reason="torch or open_clip is not installed")
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=12, deadline=None)
@given(width=st.integers(8, 400), height=st.integers(8, 400), side=st.sampled_from([16, 31, 64]))
def test_a_fitted_picture_is_what_open_clip_makes_of_it(mode, interpolation, width, height, side):
    width, height = min(width, 10 * height), min(height, 10 * width)
    picture, fit = drawn(width, height), Fit(side, mode, interpolation)
    ours = fitted(picture, fit).astype(np.int16)
    assert np.abs(ours - open_clips_own(picture, fit)).max() <= 1


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(MODES))
@settings(max_examples=40, deadline=None)
def test_every_shape_becomes_the_square_a_model_takes(width, height, mode):
    square = fitted(Image.new("RGB", (width, height)), Fit(24, mode))
    assert (square.shape, square.dtype) == ((24, 24, 3), np.uint8)


def test_a_strip_of_one_pixel_does_not_fill_the_memory():
    assert fitted(Image.new("RGB", (1_000_000, 1)), Fit(224)).shape == (224, 224, 3)


def test_the_pixel_hash_is_of_what_a_picture_shows_not_of_its_file():
    picture = drawn(60, 40)
    small = read_picture(encoded(picture, compress_level=1), FIT)
    large = read_picture(encoded(picture, compress_level=9), FIT)
    other = read_picture(encoded(picture, "WEBP", lossless=True), FIT)
    assert small.pixel_hash == large.pixel_hash == other.pixel_hash
    assert len(small.pixel_hash) == 64
    assert small.pixel_hash != read_picture(encoded(drawn(60, 40, seed=1)), FIT).pixel_hash


def test_the_same_values_in_another_shape_are_another_picture():
    wide, high = (Image.new("RGB", size, "red") for size in ((8, 2), (2, 8)))
    assert (
        read_picture(encoded(wide), FIT).pixel_hash != read_picture(encoded(high), FIT).pixel_hash
    )


@pytest.mark.parametrize(("kind", "side"), [("PNG", 100), ("JPEG", 2048)])
def test_the_hashes_do_not_depend_on_the_model_the_picture_is_read_for(kind, side):
    data = encoded(Image.radial_gradient("L").resize((side, side)), kind)
    read = [read_picture(data, fit) for fit in (Fit(16), Fit(64, "squash", "bilinear"))]
    assert read[0].pixel_hash == read[1].pixel_hash
    assert read[0].phash == read[1].phash


def test_a_large_jpeg_read_smaller_says_its_own_size_and_looks_the_same():
    data = encoded(Image.radial_gradient("L").resize((2300, 2100)), "JPEG", quality=95)
    read = read_picture(data, Fit(64))
    assert (read.width, read.height) == (2300, 2100)
    whole = fitted(Image.open(BytesIO(data)), Fit(64))
    assert np.abs(read.pixels.astype(int) - whole).mean() < 1


def test_a_picture_stored_sideways_is_read_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = read_picture(encoded(drawn(80, 60), "JPEG", exif=exif, quality=95), FIT)
    assert (sideways.width, sideways.height) == (60, 80)


@pytest.mark.parametrize("seed", range(5))
def test_the_perceptual_hash_outlasts_what_is_done_to_copies(seed):
    picture = drawn(512, 400, seed)
    compressed = Image.open(BytesIO(encoded(picture, "JPEG", quality=40)))
    assert distance(picture, compressed) <= 6
    assert distance(picture, picture.resize((200, 156))) <= 6
    assert distance(picture, ImageEnhance.Brightness(picture).enhance(0.8)) <= 6


def test_the_perceptual_hash_tells_pictures_apart():
    pictures = [drawn(256, 256, seed) for seed in range(8)]
    pictures.append(ImageOps.mirror(pictures[0]))
    pairs = [(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert min(distance(a, b) for a, b in pairs) > 6


def test_pictures_of_one_colour_have_one_perceptual_hash():
    hashes = {perceptual_hash(Image.new("RGB", (50, 50), (v, v, v))) for v in range(1, 256)}
    assert len(hashes) == 1


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"not a picture"])
def test_what_is_no_picture_is_refused_in_words(data):
    with pytest.raises(Undecodable, match=r"^it cannot be decoded"):
        read_picture(data, FIT)
