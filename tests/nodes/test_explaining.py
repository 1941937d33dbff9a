from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from comfy_nodes.choices import HERE, new_taste
from comfy_nodes.explaining import explanation
from vibes.catalog import Catalog, Facts, FileEntry, Listing, build_catalog
from vibes.errors import InvalidInput, NotFound
from vibes.preferences import Event, ImageRated
from vibes.preferences.on_top import OnTop
from vibes.preferences.ratings import Ratings
from vibes.recipes import Candidate

SD15 = Facts(family="sd15", family_source="metadata")
SEASIDE, CITY = "seaside.safetensors", "city.safetensors"

Explain = Callable[..., list[str]]


@pytest.fixture
def catalog() -> Catalog:
    return build_catalog(
        {
            HERE: Listing(
                checkpoints=(FileEntry(SEASIDE, facts=SD15), FileEntry(CITY, facts=SD15)),
                loras=(FileEntry("waves.safetensors", facts=SD15),),
            )
        }
    )


def rated(number: int, checkpoint: str, overall: int) -> Event:
    return ImageRated(
        id=f"event-{number}",
        time="2026-11-28T10:00:00.000Z",
        profile="default",
        session="comfyui",
        batch=f"batch-{number}",
        image=f"image-{number}",
        overall=overall,
        keywords=("beach",),
        candidate=Candidate(checkpoint),
    )


@pytest.fixture
def explain(catalog: Catalog) -> Explain:
    def told(*events: Event, **asked: str) -> list[str]:
        policy = OnTop(new_taste()).following(events).policy(np.random.default_rng(0))
        inputs = {"prompt": "a beach", "checkpoint": "seaside", "loras": "", "level": "standard"}
        text = explanation(catalog, policy, Ratings().with_events(events), **{**inputs, **asked})
        return text.splitlines()

    return told


LIKED = [rated(number, SEASIDE, 5) for number in range(6)]


def test_a_checkpoint_nobody_rated_is_said_to_be_explored(explain: Explain) -> None:
    [sentence] = explain(level="minimal")
    assert sentence.startswith("Exploring")


def test_what_was_liked_is_counted_for_the_prompt_s_words(explain: Explain) -> None:
    [sentence] = explain(*LIKED, rated(9, SEASIDE, 1), level="minimal")
    assert sentence == "You liked 6 of the 7 pictures you rated for 'beach'."


def test_every_level_adds_to_the_one_above(explain: Explain) -> None:
    told = [
        explain(*LIKED, loras="waves:0.7", level=level)
        for level in ("minimal", "standard", "detailed", "technical")
    ]
    for shorter, longer in pairwise(told):
        assert longer[: len(shorter)] == shorter
        assert len(longer) > len(shorter)
    assert any("waves" in sentence for sentence in told[1])
    assert any("city" in sentence for sentence in told[2])  # what else there is of the family


@pytest.mark.parametrize(
    ("asked", "error", "sentence"),
    [
        ({"checkpoint": " "}, InvalidInput, "Name a checkpoint"),
        ({"checkpoint": "saeside"}, NotFound, "Did you mean seaside"),
        ({"loras": "wavs:1"}, NotFound, "Did you mean waves"),
    ],
)
def test_a_model_that_is_not_here_is_an_error(
    asked: dict[str, str], error: type[Exception], sentence: str, explain: Explain
) -> None:
    with pytest.raises(error, match=sentence):
        explain(**asked)
