"""Grids to test the funnel with."""

from __future__ import annotations

from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import Stage, Tier, load_settings
from vibes.stages import Brief, Grid, Image, ImageState

STAGES: tuple[Stage, ...] = load_settings().stages
SDXL: Tier = load_settings().tiers["sdxl_standard"]


def make_recipe(**changes: object) -> Recipe:
    values: dict[str, object] = {
        "template": "draft",
        "tier": "sd15_draft",
        "prompt": "a beach",
        "candidate": Candidate("epicrealism.safetensors", (LoraUse("beach.safetensors", 0.6),)),
        "seed": 7,
        "width": 512,
        "height": 768,
        "steps": 20,
        "cfg": 7.0,
        "sampler": "euler",
        "scheduler": "normal",
    }
    return Recipe(**{**values, **changes})  # type: ignore[arg-type]


def make_grid(
    count: int = 20,
    *,
    picked: tuple[int, ...] = (),
    stage: int = 0,
    id: str = "grid",
    parent: str | None = None,
    visit: int = 0,
    states: dict[int, ImageState] | None = None,
) -> Grid:
    images = tuple(
        Image(
            id=f"{id}-{index}",
            batch_id=id,
            index=index,
            recipe=make_recipe(seed=index),
            reason="because",
            state=(states or {}).get(index, "collected"),
            selection="selected" if index in picked else "none",
        )
        for index in range(count)
    )
    return Grid(
        id=id,
        session_id="session",
        parent_id=parent,
        stage=stage,
        action="generate",
        brief=Brief(prompt="a beach", tier="sd15_draft"),
        created="2026-01-01T00:00:00.000Z",
        visit=visit,
        images=images,
    )
