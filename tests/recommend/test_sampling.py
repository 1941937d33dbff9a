from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.samples import make_recipe
from vibes.recommend.sampling import varied, with_priority
from vibes.settings import load_settings

SD15 = load_settings().tiers["sd15_draft"]
SD3 = load_settings().tiers["tiny_test"]


def test_speed_takes_fewer_steps_and_quality_more_with_their_samplers() -> None:
    fast = with_priority(make_recipe(), SD15, "speed")
    fine = with_priority(make_recipe(), SD15, "quality")
    assert (fast.steps, fast.sampler) == (12, "euler_ancestral")
    assert (fine.steps, fine.sampler, fine.scheduler) == (30, "dpmpp_2m", "karras")
    assert with_priority(make_recipe(), SD15, "balanced") == make_recipe()


def test_flow_models_keep_their_own_sampler() -> None:
    assert with_priority(make_recipe(), SD3, "quality").sampler == make_recipe().sampler


@pytest.mark.parametrize(
    ("variation", "seeds", "cfgs"),
    [("seed", 10, 1), ("loras", 1, 1), ("params", 1, 5), ("mixed", 10, 5)],
)
def test_a_grid_varies_the_thing_it_is_asked_to(variation, seeds: int, cfgs: int) -> None:
    grid = [varied(make_recipe(), index, variation) for index in range(10)]
    assert len({recipe.seed for recipe in grid}) == seeds
    assert len({recipe.cfg for recipe in grid}) == cfgs


@given(st.integers(0, 199), st.floats(0, 30), st.integers(1, 150))
def test_varied_settings_stay_within_what_a_sampler_takes(index: int, cfg: float, steps: int):
    recipe = varied(make_recipe(cfg=cfg, steps=steps), index, "mixed")
    assert recipe.cfg >= min(cfg, 1)
    assert 1 <= recipe.steps <= 150
