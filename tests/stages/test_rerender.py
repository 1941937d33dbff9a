from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.samples import STAGES, make_grid
from vibes.preferences import Choice
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.stages import Edit, iteration_slots, rechosen


def as_planned(pick, recipe):
    return recipe


def slots_after(grid, action="advance", *, stages=STAGES, edit=None, settle=as_planned, seed=1):
    rng = np.random.default_rng(seed)
    return iteration_slots(grid, action, edit, stages=stages, settle=settle, rng=rng)


@given(st.sets(st.integers(0, 19), min_size=1, max_size=8))
def test_advancing_keeps_seed_prompt_and_models_of_every_pick(picked):
    grid = make_grid(picked=tuple(picked))
    slots = slots_after(grid)
    assert len(slots) == 8
    for pick, slot in zip(grid.selected, slots, strict=False):
        kept, old = slot.recipe, pick.recipe
        assert (kept.seed, kept.prompt, kept.candidate) == (old.seed, old.prompt, old.candidate)
        assert kept.source == slot.parent_id == pick.id


def test_advancing_changes_size_steps_and_denoise_as_the_stage_says():
    recipe = slots_after(make_grid(picked=(0,)))[0].recipe
    assert (recipe.width, recipe.height) == (768, 1152)
    assert recipe.steps == 25
    assert recipe.denoise == 0.5
    assert recipe.template == "refine"


def test_free_slots_become_variations_with_other_seeds():
    slots = slots_after(make_grid(picked=(4, 5)))
    assert len({slot.recipe.seed for slot in slots}) == 8
    assert {slot.parent_id for slot in slots} == {"grid-4", "grid-5"}
    assert slots[2].reason == "A variation of your pick 5: another seed."


def test_a_stage_that_does_not_fill_renders_the_picks_alone():
    stages = [STAGES[0], STAGES[1].model_copy(update={"fill": "none"})]
    assert len(slots_after(make_grid(picked=(4, 5)), stages=stages)) == 2


def test_refining_renders_one_image_per_pick_with_the_new_words():
    slots = slots_after(make_grid(picked=(1, 2)), "refine", edit=Edit("a forest"))
    assert [slot.recipe.prompt for slot in slots] == ["a forest", "a forest"]
    assert [slot.recipe.source for slot in slots] == ["grid-1", "grid-2"]
    assert all(0 < slot.recipe.denoise < 1 for slot in slots)


def test_more_like_this_fills_the_grid_around_the_picks_with_the_same_checkpoint():
    slots = slots_after(make_grid(picked=(3,)), "more_like_this")
    assert len(slots) == 20
    assert {slot.recipe.candidate.checkpoint for slot in slots} == {"epicrealism.safetensors"}
    assert len({slot.recipe.seed for slot in slots}) == 20
    strengths = {slot.recipe.candidate.loras[0].strength for slot in slots}
    assert strengths == {0.5, 0.6, 0.7}


def test_another_tier_brings_its_own_models_and_sampling_but_keeps_the_pixels():
    slot = slots_after(make_grid(picked=(3,)))[0]
    choice = Choice(policy="taste", version=1)
    other = rechosen(
        slot,
        Candidate("xl.safetensors"),
        tier="sdxl_standard",
        sampling={"width": 1824, "height": 1248, "cfg": 5.5},
        reason="Fits.",
        choice=choice,
    )
    assert (other.reason[-5:], other.choice) == ("Fits.", choice)
    assert other.recipe.candidate == Candidate("xl.safetensors")
    assert (other.recipe.tier, other.recipe.cfg) == ("sdxl_standard", 5.5)
    assert (other.recipe.width, other.recipe.height) == (1824, 1248)
    assert other.recipe.source == "grid-3"


CHOSEN = Choice(
    policy="taste",
    version=1,
    probe=True,
    decided=("checkpoint",),
    relevance={"beach.safetensors": 0.7, "other.safetensors": 0.2},
    checkpoint_propensity=0.4,
    lora_propensities={"beach.safetensors": 0.2},
)


def grid_with(choice):
    grid = make_grid(picked=(3,))
    return replace(grid, images=tuple(replace(image, choice=choice) for image in grid.images))


@pytest.mark.parametrize("action", ["advance", "refine", "more_like_this"])
def test_a_picks_models_were_not_chosen_again(action):
    for slot in slots_after(grid_with(CHOSEN), action):
        assert slot.choice == Choice(
            policy="", version=0, decided=("checkpoint",), relevance={"beach.safetensors": 0.7}
        )
    for slot in slots_after(grid_with(None), action):
        assert slot.choice == Choice(policy="", version=0)


def test_loras_typed_into_new_words_are_the_users_choice_and_relevance_is_not_known_for_them():
    edit = Edit("a forest", typed_after=(LoraUse("grain.safetensors", 0.3),))
    (slot,) = slots_after(grid_with(CHOSEN), "refine", edit=edit)
    assert slot.choice == Choice(policy="", version=0, decided=("checkpoint", "loras"))


@given(st.integers(16, 2048), st.integers(16, 2048), st.integers(1, 150))
def test_size_and_steps_set_by_hand_grow_with_the_stages(width, height, steps):
    grid = make_grid(picked=(0,))
    own = replace(grid.images[0].recipe, width=width, height=height, steps=steps)
    grid = replace(grid, images=(replace(grid.images[0], recipe=own),))
    recipe = slots_after(grid)[0].recipe
    assert recipe.width % 16 == recipe.height % 16 == 0
    assert abs(recipe.width - width * 1.5) <= 16
    assert abs(recipe.height - height * 1.5) <= 16
    assert recipe.steps == min(int(steps * 1.25 + 0.5), 150)


def test_new_words_take_their_loras_along_and_leave_those_of_the_old_words():
    edit = Edit(
        "a forest",
        typed_before=(LoraUse("beach.safetensors", 0.6),),
        typed_after=(LoraUse("grain.safetensors", 0.3),),
    )
    recipe = slots_after(make_grid(picked=(1,)), "refine", edit=edit)[0].recipe
    assert recipe.candidate.loras == (LoraUse("grain.safetensors", 0.3),)
    kept = slots_after(make_grid(picked=(1,)), "refine", edit=Edit("a forest"))[0].recipe
    assert kept.candidate.loras == (LoraUse("beach.safetensors", 0.6),)


@given(st.integers(0, 19))
def test_a_recipe_survives_being_written_down(index):
    recipe = make_grid(picked=(index,)).selected[0].recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe
