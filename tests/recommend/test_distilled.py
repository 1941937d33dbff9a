"""Distilled models are known by their names, and what LoRAs merely draw is not taken for one."""

from __future__ import annotations

import pytest

from tests.recommend.advising import model
from vibes.recommend import Distilled, distilled
from vibes.recommend.distilled import distillation


@pytest.mark.parametrize(
    ("name", "kind", "steps"),
    [
        ("sd_xl_turbo_1.0_fp16", "turbo", None),
        ("DreamShaperXL_Turbo_v2_1", "turbo", None),
        ("dreamshaperXL_lightningDPMSDE", "lightning", None),
        ("sdxl_lightning_4step", "lightning", 4),
        ("juggernautXL_v9Rdphoto2Lightning", "lightning", None),
        ("Hyper-SDXL-8steps", "hyper", 8),
        ("dreamshaper_8LCM", "lcm", None),
        ("folder/photonLCM_v10", "lcm", None),
        ("flux1-schnell-fp8", "schnell", None),
        ("realvisxl_dmd2", "dmd", None),
    ],
)
def test_a_checkpoints_name_says_how_it_was_distilled(name: str, kind: str, steps: int | None):
    known = distilled(model(name))
    assert known is not None
    assert (known.kind, known.steps) == (kind, steps)


@pytest.mark.parametrize(
    ("name", "kind", "steps"),
    [
        ("lcm-lora-sdv1-5", "lcm", None),
        ("LCM_LoRA_Weights_SDXL", "lcm", None),
        ("sdxl_lightning_8step_lora", "lightning", 8),
        ("Hyper-FLUX.1-dev-8steps-lora", "hyper", 8),
        ("FLUX.1-Turbo-Alpha", "turbo", None),
        ("dmd2_sdxl_4step_lora_fp16", "dmd", 4),
        ("Hyper-SD15-1step-lora", "hyper", 1),
    ],
)
def test_a_loras_name_says_so_with_its_steps_or_base_model(name, kind, steps):
    known = distilled(model(name, "lora"))
    assert known is not None
    assert (known.kind, known.steps) == (kind, steps)


@pytest.mark.parametrize(
    "name",
    [
        "lightning_storm",
        "lightning bolt v2",
        "hyperrealism",
        "turbo_charged_car",
        "hyper detailed eyes",
        "mylora-step00004500",
    ],
)
def test_a_lora_of_a_storm_or_a_fast_car_is_none(name: str):
    assert distilled(model(name, "lora")) is None


@pytest.mark.parametrize(
    "name",
    ["epicrealism", "hyperion", "turbocar", "dreamshaper_8", "hyperRealism_v3", "Hyper-Real XL"],
)
def test_other_checkpoints_are_none(name: str):
    assert distilled(model(name)) is None


def test_a_title_says_it_where_the_name_does_not():
    known = distilled(model("renamed", title="SDXL Lightning 4-step"))
    assert known == Distilled("lightning", "renamed", 4)


def test_of_several_the_one_that_states_its_steps_is_heeded():
    turbo, four = model("sd_xl_turbo"), model("sdxl_lightning_4step_lora", "lora")
    assert distillation(turbo, []) == Distilled("turbo", "sd_xl_turbo")
    assert distillation(turbo, [four]) == Distilled("lightning", "sdxl_lightning_4step_lora", 4)
    assert distillation(None, [model("film", "lora")]) is None
