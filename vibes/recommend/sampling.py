"""Sampling settings: by what the user values more, and varied over a grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from vibes.recipes import Recipe
from vibes.settings import MAX_STEPS, Tier

Priority = Literal["speed", "balanced", "quality"]
Variation = Literal["seed", "params", "loras", "mixed"]

STEPS_FACTOR: dict[Priority, float] = {"speed": 0.6, "balanced": 1.0, "quality": 1.5}
SAMPLERS: dict[Priority, tuple[str, str]] = {
    "speed": ("euler_ancestral", "normal"),
    "quality": ("dpmpp_2m", "karras"),
}
NOISE_FAMILIES = frozenset({"sd15", "sd2", "sdxl"})
"""Families these samplers are made for; flow models (SD3, Flux) keep their tier's own."""

CFG_OFFSETS = (0.0, 1.0, -1.0, 2.0, -2.0)
STEPS_FACTORS = (1.0, 1.25, 0.8)


def with_priority(recipe: Recipe, tier: Tier, priority: Priority) -> Recipe:
    """The recipe sampled for speed or quality; balanced leaves it as it is."""
    steps = _steps(recipe.steps * STEPS_FACTOR[priority])
    if priority not in SAMPLERS or tier.family not in NOISE_FAMILIES:
        return replace(recipe, steps=steps)
    sampler, scheduler = SAMPLERS[priority]
    return replace(recipe, steps=steps, sampler=sampler, scheduler=scheduler)


def varied(recipe: Recipe, index: int, variation: Variation) -> Recipe:
    """Image ``index`` of a grid that varies the given thing.

    "seed" and "mixed" give every image a seed of its own, "params" and "loras" one to all, so
    that only the thing itself makes the difference; "params" and "mixed" walk through CFG and
    step counts around the recipe's. LoRAs vary by what is proposed for each image.
    """
    if variation in ("seed", "mixed"):
        recipe = replace(recipe, seed=recipe.seed + index)
    if variation in ("params", "mixed"):
        offset = CFG_OFFSETS[index % len(CFG_OFFSETS)]
        cfg = max(1.0, recipe.cfg + offset) if offset else recipe.cfg
        factor = STEPS_FACTORS[index // len(CFG_OFFSETS) % len(STEPS_FACTORS)]
        recipe = replace(recipe, cfg=cfg, steps=_steps(recipe.steps * factor))
    return recipe


def _steps(steps: float) -> int:
    return min(max(round(steps), 1), MAX_STEPS)
