"""Pictures are deterministic, and everything that should show does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from companion_app.embedded.pictures import Order, draw, plain

ORDER = Order(
    prompt="a misty lake at dawn",
    checkpoint="dreamshaper_8.safetensors",
    seed=7,
    width=96,
    height=144,
)
PROMPTS = [
    "neon city at night",
    "desert dunes",
    "a cat in a flower meadow",
    "castle, aurora, snow",
    "planet in space",
    "lighthouse in a storm",
    "portrait of a woman in an autumn forest",
    "",
]
LORAS = [
    "film_grain",
    "watercolor",
    "neon",
    "mist",
    "bokeh",
    "lineart",
    "sunset",
    "star",
    "snow",
    "blossom",
    "autumn",
    "flower",
    "storm",
    "vintage",
    "pastel",
    "aurora",
    "desert",
    "portrait",
    "cinema",
    "unheard",
]


def pixels(picture):
    return np.asarray(picture, np.int16)


def difference(first, second):
    return float(np.abs(pixels(first) - pixels(second)).mean())


def test_the_same_order_gives_the_same_pixels():
    assert draw(ORDER).tobytes() == draw(ORDER).tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"prompt": "a city at night"},
        {"checkpoint": "toonyou_beta6.safetensors"},
        {"loras": (("styles/watercolor.safetensors", 0.7),)},
    ],
)
def test_seed_prompt_checkpoint_and_lora_each_show(change):
    assert difference(draw(ORDER), draw(replace(ORDER, **change))) > 2


@pytest.mark.parametrize("name", LORAS)
def test_a_lora_shows_more_with_more_strength(name):
    without = draw(ORDER)
    weak, strong = (
        draw(replace(ORDER, loras=((f"{name}.safetensors", strength),))) for strength in (0.2, 0.9)
    )
    assert 0 < difference(without, weak) < difference(without, strong)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("size", [(64, 96), (96, 64), (8, 8)])
def test_every_scene_has_its_size_and_is_no_flat_colour(prompt, size):
    order = replace(ORDER, prompt=prompt, width=size[0], height=size[1])
    picture = draw(order)
    assert (picture.size, picture.mode) == (size, "RGB")
    assert pixels(picture).std() > 3


def test_refining_keeps_the_composition():
    source = draw(ORDER)
    refined = draw(replace(ORDER, source=source, denoise=0.35))
    other = draw(replace(ORDER, seed=99))
    assert 0 < difference(source, refined) < difference(source, other) / 2


def test_more_denoise_changes_more():
    source = draw(ORDER)
    little, much = (
        draw(replace(ORDER, seed=3, source=source, denoise=denoise)) for denoise in (0.2, 0.8)
    )
    assert difference(source, little) < difference(source, much)


def test_full_denoise_forgets_the_source():
    source = Image.new("RGB", (96, 144), "red")
    assert draw(replace(ORDER, source=source)).tobytes() == draw(ORDER).tobytes()


def test_a_huge_picture_has_the_size_that_was_asked_for():
    order = replace(ORDER, width=1088, height=1088)
    assert draw(order).size == (1088, 1088)


def test_plain_pictures_are_small_and_differ():
    assert plain(ORDER).size == (12, 18)
    assert plain(ORDER).tobytes() != plain(replace(ORDER, seed=8)).tobytes()
