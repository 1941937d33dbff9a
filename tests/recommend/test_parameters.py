"""Parameters follow prompt, family and priority; the user's own will and his limits outweigh."""

from __future__ import annotations

import pytest

from tests.recommend.advising import FIRST, advice, model, tier
from vibes.settings import Stage

SIMPLE = "a cat"
MODERATE = (
    "portrait of a woman in a red dress, standing on a beach at sunset, golden hour, dramatic"
    " mood, film grain"
)
COMPLEX = (
    "epic fantasy battle, armored knights fighting a dragon above a burning castle, thunderstorm,"
    " volumetric lighting, dramatic low angle, highly detailed, intricate armor, crimson cape,"
    " golden crown, smoke and embers, matte painting, vivid colors, wide angle, chaotic mood, 8k"
)


@pytest.mark.parametrize(
    ("prompt", "low", "high"), [(SIMPLE, 20, 30), (MODERATE, 30, 40), (COMPLEX, 40, 50)]
)
def test_steps_follow_complexity_and_the_priority_picks_the_end_of_the_band(prompt, low, high):
    fast, usual, fine = (
        advice(prompt, priority=priority) for priority in ("speed", "balanced", "quality")
    )
    assert fast.parameters.steps == low
    assert low <= usual.parameters.steps <= high
    assert fine.parameters.steps == high
    assert f"{low} to {high}" in usual.reasons["steps"]


def test_a_priority_names_its_price():
    assert "detail may suffer" in advice(SIMPLE, priority="speed").trade_offs[0]
    assert "longer" in advice(SIMPLE, priority="quality").trade_offs[0]
    assert advice(SIMPLE).trade_offs == ()


@pytest.mark.parametrize(
    ("family", "prompt", "low", "high"),
    [
        ("sd15", "anime", 5, 8),
        ("sd15", "photo", 8, 12),
        ("sd15", "oil painting", 7, 10),
        ("sd15", "", 7, 10),
        ("sdxl", "anime", 5, 7),
        ("sdxl", "photo", 4, 7),
        ("sdxl", "oil painting", 5, 7),
        ("sd3", "photo", 3.5, 5),
        ("sd35_large", "anime", 3.5, 5),
    ],
)
def test_cfg_follows_style_and_family_and_rises_with_complexity(family, prompt, low, high):
    plain, rich = (
        advice(text, family).parameters.cfg for text in (prompt, f"{COMPLEX}, {prompt}, {prompt}")
    )
    assert plain == pytest.approx(low, abs=0.5)
    assert low <= plain <= high
    if not prompt or "anime" not in prompt:  # the longer prompt says another style first
        assert rich >= plain


def test_pony_and_illustrious_take_their_own_cfg():
    for branch in ("pony", "illustrious"):
        known = advice(f"photo, {COMPLEX}", checkpoint=model("x", branch=branch))
        assert 5 <= known.parameters.cfg <= 7
        assert branch in known.reasons["cfg"]


def test_flux_takes_cfg_1_and_says_that_its_guidance_is_no_setting():
    known = advice(COMPLEX, "flux")
    assert known.parameters.cfg == 1
    assert "guidance built in" in known.reasons["cfg"]
    assert "cfg" in known.fixed


@pytest.mark.parametrize(
    ("priority", "pair"),
    [
        ("speed", ("euler_ancestral", "normal")),
        ("balanced", ("euler", "normal")),
        ("quality", ("dpmpp_2m", "karras")),
    ],
)
def test_sampler_and_scheduler_follow_the_priority(priority, pair):
    for family in ("sd15", "sd2", "sdxl"):
        known = advice(SIMPLE, family, priority=priority)
        assert (known.parameters.sampler, known.parameters.scheduler) == pair
        assert len(known.alternatives["sampler"]) == 2


@pytest.mark.parametrize(
    ("family", "pair"), [("sd3", ("dpmpp_2m", "sgm_uniform")), ("flux", ("euler", "simple"))]
)
def test_flow_families_keep_their_own_sampler(family, pair):
    for priority in ("speed", "balanced", "quality"):
        known = advice(SIMPLE, family, priority=priority).parameters
        assert (known.sampler, known.scheduler) == pair


@pytest.mark.parametrize(
    ("checkpoint", "lora", "steps", "cfg", "sampler"),
    [
        ("dreamshaperXL_lightning", None, 6, 1.5, "euler"),
        ("epic", "sdxl_lightning_4step_lora", 4, 1.5, "euler"),
        ("epic", "lcm-lora-sdxl", 6, 1.5, "lcm"),
        ("epic", "dmd2_sdxl_4step_lora", 4, 1, "lcm"),
        ("sd_xl_turbo", None, 6, 1.5, "euler_ancestral"),
    ],
)
def test_distilled_models_keep_to_what_they_were_made_for(checkpoint, lora, steps, cfg, sampler):
    loras = [model(lora, "lora")] if lora else []
    known = advice(COMPLEX, checkpoint=model(checkpoint), loras=loras)
    assert known.parameters.steps == steps
    assert known.parameters.cfg == cfg
    assert (known.parameters.sampler, known.parameters.scheduler) == (sampler, "sgm_uniform")
    assert {"cfg", "sampler", "scheduler"} <= known.fixed
    assert (lora or checkpoint) in known.reasons["steps"]


def test_a_model_made_for_a_number_of_steps_takes_them_at_every_priority():
    four = [model("sdxl_lightning_4step_lora", "lora")]
    for priority in ("speed", "balanced", "quality"):
        assert advice(SIMPLE, loras=four, priority=priority).parameters.steps == 4
    eight = advice(SIMPLE, checkpoint=model("sdxl_turbo"), priority="quality")
    assert eight.parameters.steps == 8


def test_a_stage_scales_steps_and_size():
    stage = Stage(name="Refine", size=8, template="refine", scale=1.5, steps_scale=1.25)
    known = advice(SIMPLE, stage=stage, priority="speed")
    assert known.parameters.steps == 25
    assert (known.parameters.width, known.parameters.height) == (1248, 1824)
    assert "times 1.25 at the stage Refine" in known.reasons["steps"]
    assert "times 1.5 at the stage Refine" in known.reasons["width"]


def test_what_a_tier_states_stays_and_the_reason_says_so():
    own = tier(steps=12, cfg=3.5, sampler="heun", scheduler="beta")
    known = advice(COMPLEX, tier=own, priority="quality")
    assert known.parameters.steps == 12
    assert (known.parameters.cfg, known.parameters.sampler) == (3.5, "heun")
    assert known.reasons["cfg"] == "CFG 3.5: as the tier's configuration states."
    assert 50 in [other.value for other in known.alternatives["steps"]]
    assert known.trade_offs == ()


def test_what_the_user_decided_stays_and_what_a_distilled_model_wants_is_a_suggestion():
    decided = {"cfg": 7.0, "steps": 30, "sampler": None, "loras": ["x"]}
    known = advice(SIMPLE, checkpoint=model("sdxl_lightning_4step"), decided=decided)
    assert (known.parameters.cfg, known.parameters.steps) == (7, 30)
    assert known.reasons["steps"] == "30 steps: you decided it."
    assert any("made for 4" in sentence for sentence in known.suggestions)
    assert any("more would burn it" in sentence for sentence in known.suggestions)
    assert known.baseline.steps == 4


def test_a_family_nobody_knows_gets_what_works_with_every_one():
    known = advice(SIMPLE, "odd")
    assert known.parameters.sampler == "euler"
    assert "little is known" in known.reasons["cfg"]
    assert (known.parameters.width, known.parameters.height) == (64, 96)
    assert known.vram is None


def test_every_parameter_has_a_reason_and_no_alternative_repeats_it():
    known = advice(MODERATE, stage=FIRST)
    values = {name: getattr(known.parameters, name) for name in known.reasons}
    assert len(values) == 6
    for name, reason in known.reasons.items():
        assert reason.endswith(".")
        if name not in ("width", "height"):
            assert values[name] not in [other.value for other in known.alternatives[name]]
