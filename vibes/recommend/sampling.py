"""What the user values more, and sampling settings varied over a grid."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from vibes.recipes import Recipe
from vibes.settings import MAX_STEPS

Priority = Literal["speed", "balanced", "quality"]
Variation = Literal["seed", "params", "loras", "mixed"]

CFG_OFFSETS = (0.0, 1.0, -1.0, 2.0, -2.0)
STEPS_FACTORS = (1.0, 1.25, 0.8, 1.5, 0.65)


def image_seed(base: int, index: int, variation: Variation) -> int:
    """The seed of image ``index``: its own, or that of all where something else is varied."""
    return base + index if variation in ("seed", "mixed") else base


def varied(recipe: Recipe, index: int, variation: Variation, fixed: Collection[str] = ()) -> Recipe:
    """Image ``index`` of a grid that varies the given thing.

    "seed" and "mixed" give every image a seed of its own, "params" and "loras" one to all, so
    that only the thing itself makes the difference; "params" and "mixed" walk through CFG and
    step counts around the recipe's. A CFG that is ``fixed``, or at most 1, stays: distilled models
    take no other. LoRAs vary by what is proposed for each image.
    """
    recipe = replace(recipe, seed=image_seed(recipe.seed, index, variation))
    if variation in ("params", "mixed"):
        stays = "cfg" in fixed or recipe.cfg <= 1
        offsets = CFG_OFFSETS[:1] if stays else CFG_OFFSETS
        offset = offsets[index % len(offsets)]
        cfg = max(1.0, recipe.cfg + offset) if offset else recipe.cfg
        factor = STEPS_FACTORS[index // len(offsets) % len(STEPS_FACTORS)]
        recipe = replace(recipe, cfg=cfg, steps=_steps(recipe.steps * factor))
    return recipe


def _steps(steps: float) -> int:
    return min(max(round(steps), 1), MAX_STEPS)
