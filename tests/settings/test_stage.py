from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.settings import ASPECT_RATIOS, AspectRatio, Stage, load_settings

TIER = load_settings().tiers["sd15_draft"]


def stage(scale: float = 1.0, steps_scale: float = 1.0) -> Stage:
    return Stage(name="Drafts", size=20, template="draft", scale=scale, steps_scale=steps_scale)


def test_sizes_are_the_tiers_native_ones_times_the_stages_scale() -> None:
    assert stage().image_size(TIER, "portrait") == (512, 768)
    assert stage(1.5).image_size(TIER, "landscape") == (1152, 768)


@given(st.sampled_from(ASPECT_RATIOS), st.floats(0.01, 8))
def test_sizes_are_multiples_of_16_near_what_was_asked(aspect: AspectRatio, scale: float) -> None:
    sizes = stage(scale).image_size(TIER, aspect)
    for pixels, native in zip(sizes, TIER.sizes[aspect], strict=True):
        assert pixels % 16 == 0
        assert pixels >= 16
        assert abs(pixels - native * scale) <= 16


@pytest.mark.parametrize(
    ("steps", "scale", "expected"), [(20, 1.25, 25), (1, 0.1, 1), (5, 0.5, 3), (150, 2, 150)]
)
def test_steps_grow_with_the_stage_within_limits(steps: int, scale: float, expected: int) -> None:
    assert stage(steps_scale=scale).step_count(steps) == expected
