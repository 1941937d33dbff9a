from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from vibes.scoring.adherence import WHOLE
from vibes.scoring.cascade import Cascade, missed
from vibes.scoring.clip import Clip
from vibes.scoring.judge import Judge
from vibes.scoring.pictures import fitted

from .drawings import LIGHTS, draw, scenes

COUNT = 16


class Sees:
    """A vision model that is as sure of everything as it is told to be."""

    name = "seer"

    def __init__(self, p: float | None):
        self.p = p

    def describe(self, picture: Image.Image) -> str | None:
        return None

    def answer(self, picture: Image.Image, question: str) -> float | None:
        return self.p


@pytest.fixture(scope="module")
def hidden() -> list[tuple[str, Image.Image]]:
    """Tall pictures with a drawing of a thing at the top, too small for the whole to show it."""
    rng = np.random.default_rng(21)
    found = []
    for scene in islice(scenes(rng, unseen=True), COUNT):
        scene = replace(scene, size="large", place="middle", light="day")
        drawing = draw(scene, rng)
        side = drawing.width
        picture = Image.new("RGB", (side, 2 * side), LIGHTS["day"][1])
        picture.paste(drawing.resize((side, side)), (0, 0))
        found.append((f"a {scene.colour} {scene.shape}", picture))
    return found


def vector(clip: Clip, picture: Image.Image):
    return clip.encode_images(fitted(picture, clip.fit)[None])[0]


def test_zones_find_what_the_whole_picture_hides(tiny_clip: Clip, hidden) -> None:
    judge = Judge(tiny_clip)
    cascade = Cascade(judge)
    alone, together, methods = 0, 0, set()
    for prompt, picture in hidden:
        seen = vector(tiny_clip, picture)
        [first] = judge.judge(seen[None], prompt)
        looked = cascade.look(picture, first, prompt)
        alone += len(missed(first))
        together += len(missed(looked))
        methods |= {item.method for item in looked.items}
        if not missed(first):
            assert looked == first
    assert together < alone / 2
    assert {WHOLE, "zone: top"} <= methods


def test_no_look_makes_a_requirement_worse(tiny_clip: Clip, hidden) -> None:
    judge = Judge(tiny_clip)
    cascade = Cascade(judge, permissive=judge)
    for prompt, picture in hidden[:4]:
        seen = vector(tiny_clip, picture)
        [first] = judge.judge(seen[None], prompt)
        looked = cascade.look(picture, first, prompt)
        for before, after in zip(first.items, looked.items, strict=True):
            assert after.p >= before.p
            assert after.requirement == before.requirement


def test_a_vision_model_is_asked_last_and_only_where_it_answers(tiny_clip: Clip, hidden) -> None:
    judge = Judge(tiny_clip)
    prompt, picture = hidden[0]
    wrong = "a green fish" if "fish" not in prompt else "a green star"
    [first] = judge.judge(vector(tiny_clip, picture)[None], wrong)
    silent = Cascade(judge, analyzer=Sees(None)).look(picture, first, wrong)
    assert silent == Cascade(judge).look(picture, first, wrong)
    assert missed(silent)
    sure = Cascade(judge, analyzer=Sees(1.0)).look(picture, first, wrong)
    assert not missed(sure)
    assert "asked: seer" in {item.method for item in sure.items}
