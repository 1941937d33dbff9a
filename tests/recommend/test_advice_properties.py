"""What holds for all advice, whatever is asked, measured, usual or decided."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recommend.advising import GIB, Measured, advice, model, tier
from vibes.preferences import Habits, ParametersChanged
from vibes.prompts import concept_lexicon
from vibes.recommend import Limits
from vibes.settings import ASPECT_RATIOS, Stage

FAMILIES = ("sd15", "sd2", "sdxl", "sd3", "sd35_medium", "sd35_large", "flux", "odd")
NAMES = ("epic", "sd_xl_turbo", "sdxl_lightning_4step", "dreamshaper_8LCM", "flux1-schnell")
SAMPLERS, SCHEDULERS = ("euler", "dpmpp_2m", "heun"), ("normal", "karras", "beta")
words = st.sampled_from(sorted(concept_lexicon().categories.groups))
prompts = st.lists(words, max_size=30).map(", ".join) | st.text(max_size=30)
parameters = st.fixed_dictionaries(
    {
        "steps": st.integers(1, 150),
        "cfg": st.floats(0, 30),
        "sampler": st.sampled_from(SAMPLERS),
        "scheduler": st.sampled_from(SCHEDULERS),
        "width": st.integers(1, 128).map(lambda n: n * 64),
        "height": st.integers(1, 128).map(lambda n: n * 64),
    }
)
decisions = parameters.flatmap(
    lambda all_: st.sets(st.sampled_from(sorted(all_))).map(lambda some: {n: all_[n] for n in some})
)
measures = st.builds(
    Measured,
    memory=st.none() | st.integers(0, 10**5),
    speed=st.none() | st.floats(0, 100, allow_nan=False),
)
bounds = st.builds(
    Limits,
    max_seconds=st.none() | st.floats(0.01, 1000),
    max_vram=st.none() | st.integers(1, 80 * GIB),
)


@st.composite
def habits(draw: st.DrawFn, family: str) -> Habits:
    changed = [
        ParametersChanged(
            *(str(n), "2026-01-31T12:00:00Z", "default", "s", "b", 0, "", (), family),
            draw(st.sampled_from([None, "photo", "anime"])),
            draw(parameters),
            draw(parameters),
        )
        for n in range(draw(st.integers(0, 4)))
    ]
    return Habits.fold(changed)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    family = draw(st.sampled_from(FAMILIES))
    stated = draw(st.sampled_from([{}, {"steps": 12}, {"cfg": 3.0, "sampler": "heun"}]))
    return {
        "prompt": draw(prompts),
        "family": family,
        "tier": tier(family, **stated),
        "stage": draw(
            st.builds(
                Stage,
                name=st.just("Any"),
                size=st.just(1),
                template=st.just("draft"),
                scale=st.floats(0.1, 3),
                steps_scale=st.floats(0.1, 5),
            )
        ),
        "aspect_ratio": draw(st.sampled_from(ASPECT_RATIOS)),
        "checkpoint": draw(st.none() | st.sampled_from(NAMES).map(model)),
        "priority": draw(st.sampled_from(["speed", "balanced", "quality"])),
        "limits": draw(bounds),
        "measured": draw(st.none() | measures),
        "habits": draw(st.none() | habits(family)),
        "decided": draw(decisions),
    }


@settings(max_examples=40)
@given(cases())
def test_advice_is_what_a_sampler_takes(case):
    known = advice(**case).parameters
    assert 1 <= known.steps <= 150
    assert 0 <= known.cfg <= 30
    assert min(known.width, known.height) >= 16
    assert known.width % 16 == known.height % 16 == 0
    assert known.sampler
    assert known.scheduler


@settings(max_examples=40)
@given(cases())
def test_what_is_decided_or_stated_is_never_touched(case):
    known = advice(**case).parameters
    stated = {"steps": None, "cfg": case["tier"].cfg, "sampler": case["tier"].sampler}
    wanted = {name: value for name, value in stated.items() if value is not None}
    for name, value in {**wanted, **case["decided"]}.items():
        assert getattr(known, name) == value


@settings(max_examples=40)
@given(cases())
def test_a_limit_is_kept_or_named(case):
    known, limits = advice(**case), case["limits"]
    said = " ".join(known.trade_offs)
    if limits.max_seconds is not None and (
        known.seconds is None or known.seconds > limits.max_seconds
    ):
        assert f"the limit of {limits.max_seconds:.3g} seconds" in said
    if limits.max_vram is not None and (known.vram is None or known.vram > limits.max_vram):
        assert "GiB of GPU memory" in said


@settings(max_examples=40)
@given(cases())
def test_flow_models_never_get_karras_noise_by_themselves(case):
    known = advice(**{**case, "decided": {}})
    if case["family"] in ("sd3", "sd35_medium", "sd35_large", "flux"):
        assert known.parameters.scheduler != "karras"


@settings(max_examples=40)
@given(cases())
def test_every_reason_is_a_sentence_and_the_same_case_gets_the_same_advice(case):
    known = advice(**case)
    assert known == advice(**case)
    assert known.reasons.keys() == known.alternatives.keys() == known.confidence.keys()
    for text in (*known.reasons.values(), *known.trade_offs, *known.suggestions):
        assert text.endswith(".")


@settings(max_examples=40)
@given(cases())
def test_the_baseline_is_the_advice_without_habits_and_decisions(case):
    plain = advice(**{**case, "habits": None, "decided": {}})
    assert advice(**case).baseline == plain.baseline == plain.parameters
