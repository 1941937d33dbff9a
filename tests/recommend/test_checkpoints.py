from __future__ import annotations

import pytest

from vibes.catalog import ModelRecord
from vibes.prompts import keywords
from vibes.recommend import ModelLibrary, checkpoint_fits

NAMES = ("epicRealism_v5", "counterfeitV30", "dreamshaper_8", "Realistic_Vision_V6", "mystery")


def suits(prompt: str, *names: str, **fields: object) -> dict[str, float]:
    records = {
        name: ModelRecord("checkpoint", name, "sd15", **fields)  # type: ignore[arg-type]
        for name in names or NAMES
    }
    return checkpoint_fits(keywords(prompt), ModelLibrary(records), tuple(records))


def test_checkpoints_known_for_a_style_suit_a_prompt_that_asks_for_it() -> None:
    photo = suits("photo of a fisherman")
    assert set(photo) == {"epicRealism_v5", "Realistic_Vision_V6"}
    assert set(suits("anime girl on a roof")) == {"counterfeitV30"}


def test_a_checkpoint_known_for_a_topic_suits_prompts_about_it() -> None:
    assert "dreamshaper_8" in suits("a dragon over the sea")


def test_a_checkpoint_of_another_style_suits_not_at_all_whatever_it_is_called() -> None:
    assert suits("photo of a dragon", "dragon_anime_mix") == {}


def test_tags_and_branch_tell_a_style_too() -> None:
    assert suits("anime cat", "x", tags=("anime",))
    assert suits("anime cat", "x", branch="pony")


@pytest.mark.parametrize("prompt", ["", "a violin"])
def test_where_nothing_speaks_for_a_checkpoint_it_is_absent(prompt: str) -> None:
    assert suits(prompt) == {}
