from __future__ import annotations

from typing import Any

import pytest

from tests.recommend.samples import library, lora
from vibes.catalog import ModelRecord
from vibes.recommend import Blocks, Selection, Target, select_loras

DREAM = ModelRecord("checkpoint", "dream.safetensors", "sd15", spellings={"here": "dream"})


def selected(
    words: tuple[str, ...], *loras: ModelRecord, count: int = 3, **target: Any
) -> Selection:
    asked = {"family": "sd15", "checkpoints": (DREAM,), "servers": frozenset({"here"}), **target}
    return select_loras(library(*loras), words, Target(**asked), count=count)


def why_not(record: ModelRecord, **target: Any) -> str:
    found = selected(("dragon",), record, **target)
    assert not found.fits
    ((name, sentence),) = found.told
    assert name == record.name
    return sentence


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"family": "flux"}, "it is made for flux and would change nothing in sd15."),
        ({"family": None}, "its family is not known, so it might change nothing."),
        ({"spellings": {"there": "x"}}, "no server has it beside such a checkpoint."),
        ({"modules": 0}, "its file changes no part of any model."),
        ({"fault": "The file ends too early."}, "The file ends too early."),
        ({"conflict": "Two files of this name differ."}, "Two files of this name differ."),
    ],
)
def test_what_cannot_work_is_left_out_with_its_reason(fields: Any, sentence: str) -> None:
    assert why_not(lora("dragon", **fields)) == f"dragon is left out: {sentence}"


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        (Blocks(names=frozenset({"dragon.safetensors"})), "you blocked it."),
        (Blocks(names=frozenset({"old.safetensors"})), "you blocked it."),
        (Blocks(tags=frozenset({"Gore"})), "you blocked the tag 'Gore'."),
        (Blocks(families=frozenset({"sd15"})), "you blocked LoRAs for sd15."),
    ],
)
def test_what_the_user_blocked_is_left_out(blocks: Blocks, sentence: str) -> None:
    record = lora("dragon", tags=("wing", "gore"), aliases=("old.safetensors",))
    assert why_not(record, blocks=blocks) == f"dragon is left out: {sentence}"


def test_a_lora_that_changed_nothing_beside_the_checkpoint_is_left_out() -> None:
    inert = {"dream.safetensors": {"dragon.safetensors"}}
    sentence = why_not(lora("dragon"), inert=inert)
    assert sentence == "dragon is left out: it changed nothing beside dream."
    other = ModelRecord("checkpoint", "toon.safetensors", "sd15")
    assert selected(("dragon",), lora("dragon"), inert=inert, checkpoints=(DREAM, other)).fits


def test_a_lora_of_another_style_than_the_prompt_asks_for_is_left_out() -> None:
    found = selected(("photo", "dragon"), lora("anime_dragon"), lora("photo_dragon"))
    assert list(found.fits) == ["photo_dragon.safetensors"]
    assert found.told[0][1] == (
        "anime_dragon is left out: its style is anime, the prompt asks for photo."
    )


def test_two_loras_of_styles_that_exclude_each_other_never_come_together() -> None:
    found = selected(("dragon",), lora("dragon", tags=("pixel art",)), lora("watercolor_dragon"))
    assert list(found.fits) == ["dragon.safetensors"]
    assert "its style, watercolor, excludes pixel art of dragon" in found.told[0][1]


def test_of_two_loras_with_one_trigger_only_the_better_comes() -> None:
    better = lora("dragon_knight", triggers=("drgkn",))
    worse = lora("old_dragon_knight", triggers=("DrgKn", "dragon"))
    found = selected(("dragon knight",), worse, better)
    assert list(found.fits) == [better.name]
    assert found.told[0][1] == (
        "old_dragon_knight is left out: dragon_knight answers to 'drgkn' too, and goes before it."
    )


def test_a_generic_trigger_in_common_is_no_rivalry() -> None:
    found = selected(
        ("dragon", "castle"),
        lora("dragon", triggers=("1girl",)),
        lora("castle", triggers=("girl",)),
    )
    assert len(found.fits) == 2


def test_a_trigger_that_many_share_is_no_rivalry() -> None:
    crowd = [lora(f"other{letter}", triggers=("artzz",)) for letter in "abcde"]
    pair = lora("dragon", triggers=("artzz",)), lora("castle", triggers=("artzz",))
    assert len(selected(("dragon", "castle"), *pair, *crowd).fits) == 2


def test_a_typed_lora_goes_before_its_rivals_and_is_not_chosen() -> None:
    typed = lora("dragon_one", triggers=("drgkn",))
    rival = lora("dragon", triggers=("drgkn",))
    found = select_loras(
        library(typed, rival), ("dragon",), Target(family="sd15"), count=3, typed=[typed.name]
    )
    assert not found.fits
    assert list(found.left_out) == [rival.name]


def test_a_lora_for_another_branch_ranks_lower() -> None:
    pony = lora("dragon", "sdxl", branch="pony")
    for branch, factor in (("illustrious", 0.5), ("pony", 1), (None, 1)):
        checkpoint = ModelRecord("checkpoint", "xl", "sdxl", branch=branch)
        found = selected(("dragon",), pony, family="sdxl", checkpoints=(checkpoint,), servers=None)
        assert found.fits[pony.name].relevance == pytest.approx(
            factor * library(pony).fits(["dragon"])[pony.name].relevance
        )


def test_what_would_not_have_been_among_the_best_is_not_told() -> None:
    found = selected(("dragon", "wing"), lora("dragon_wing"), lora("dragon_b", "flux"), count=1)
    assert list(found.fits) == ["dragon_wing.safetensors"]
    assert found.told == ()
