"""Grids that vary parameters do so around what was advised, within what models take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.samples import make_recipe
from vibes.recommend.sampling import varied


@pytest.mark.parametrize(
    ("variation", "seeds", "cfgs"),
    [("seed", 10, 1), ("loras", 1, 1), ("params", 1, 5), ("mixed", 10, 5)],
)
def test_a_grid_varies_the_thing_it_is_asked_to(variation, seeds: int, cfgs: int) -> None:
    grid = [varied(make_recipe(), index, variation) for index in range(10)]
    assert len({recipe.seed for recipe in grid}) == seeds
    assert len({recipe.cfg for recipe in grid}) == cfgs


def test_twenty_pictures_of_varied_parameters_are_all_different() -> None:
    grid = [varied(make_recipe(), index, "params") for index in range(20)]
    assert len({(recipe.cfg, recipe.steps) for recipe in grid}) == 20


@pytest.mark.parametrize(("cfg", "fixed"), [(1.0, ()), (1.5, ("cfg", "sampler"))])
def test_a_cfg_the_model_allows_no_other_of_stays_and_the_steps_vary(cfg, fixed) -> None:
    recipe = make_recipe(cfg=cfg, steps=20)
    grid = [varied(recipe, index, "params", fixed=fixed) for index in range(5)]
    assert {one.cfg for one in grid} == {cfg}
    assert len({one.steps for one in grid}) == 5


@given(st.integers(0, 199), st.floats(0, 30), st.integers(1, 150))
def test_varied_settings_stay_within_what_a_sampler_takes(index: int, cfg: float, steps: int):
    recipe = varied(make_recipe(cfg=cfg, steps=steps), index, "mixed")
    assert recipe.cfg >= min(cfg, 1)
    assert 1 <= recipe.steps <= 150
