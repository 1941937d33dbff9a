"""Sizes are native to the family, follow what the picture is of, and stay about the same work."""

from __future__ import annotations

import pytest

from tests.recommend.advising import advice, tier
from vibes.recommend.buckets import BUCKETS, SAME_PIXELS, smaller_sizes
from vibes.settings import load_settings


def size(prompt: str, family: str, aspect: str) -> tuple[int, int]:
    known = advice(prompt, family, aspect_ratio=aspect).parameters
    return known.width, known.height


@pytest.mark.parametrize(
    ("prompt", "family", "aspect", "expected"),
    [
        ("a cat", "sdxl", "portrait", (832, 1216)),
        ("panorama of a valley", "sdxl", "landscape", (1536, 640)),
        ("panorama of a valley", "sd15", "landscape", (896, 448)),
        ("panorama of a valley", "sdxl", "square", (1024, 1024)),
        ("full body of an elf", "sdxl", "portrait", (768, 1344)),
        ("full body of an elf", "sd15", "portrait", (448, 832)),
        ("full body of an elf", "flux", "landscape", (1216, 832)),
    ],
)
def test_a_prompt_may_ask_for_a_wider_or_taller_picture_of_the_same_shape(
    prompt, family, aspect, expected
):
    assert size(prompt, family, aspect) == expected


def test_sizes_that_are_not_native_are_kept_as_their_tier_has_them():
    tiny = load_settings().tiers["tiny_test"]
    known = advice("panorama of a valley", tier=tiny, aspect_ratio="landscape")
    assert (known.parameters.width, known.parameters.height) == (96, 64)


def test_other_sizes_are_offered_in_pairs():
    known = advice("a cat")
    widths, heights = known.alternatives["width"], known.alternatives["height"]
    assert [one.reason for one in widths] == [one.reason for one in heights]
    for width, height in zip(widths, heights, strict=True):
        assert (width.value, height.value) in BUCKETS["sdxl"]


@pytest.mark.parametrize(
    ("prompt", "aspect", "shape"),
    [
        ("a valley with a river", "portrait", "A landscape shape suits scenery."),
        ("panorama of a valley", "square", "A landscape shape suits a wide view."),
        ("full body of an elf", "landscape", "A portrait shape suits a full figure."),
        ("a valley with a river", "square", None),
        ("a valley with a river", "landscape", None),
        ("hope", "portrait", None),
    ],
)
def test_another_shape_is_suggested_where_it_suits_the_picture(prompt, aspect, shape):
    assert advice(prompt, aspect_ratio=aspect).suggestions == ((shape,) if shape else ())


@pytest.mark.parametrize("family", BUCKETS)
def test_native_sizes_lie_on_a_grid_and_have_their_mirror_image(family: str):
    for width, height in BUCKETS[family]:
        assert width % 64 == height % 64 == 0
        assert (height, width) in BUCKETS[family]


@pytest.mark.parametrize("name", ["sd15_draft", "sdxl_standard"])
def test_the_shipped_tiers_are_native(name: str):
    shipped = load_settings().tiers[name]
    assert {*shipped.sizes.values()} <= {*BUCKETS[shipped.family]}


def test_every_bucket_of_a_shape_is_about_the_same_work():
    pixels = [width * height for width, height in BUCKETS["sdxl"]]
    assert max(pixels) <= (1 + SAME_PIXELS) * min(pixels)
    assert tier("sdxl").sizes["portrait"] in BUCKETS["sdxl"]


def test_smaller_sizes_keep_the_shape_and_never_grow():
    assert smaller_sizes((832, 1216)) == ((704, 1024), (576, 896), (512, 704), (384, 576))
    assert smaller_sizes((256, 256)) == ()
