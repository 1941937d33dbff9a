"""Limits are kept in a named order, or it is said that they cannot be."""

from __future__ import annotations

import pytest

from tests.recommend.advising import GIB, Measured, advice, model, tier
from vibes.recommend import Limits
from vibes.recommend.estimates import estimated_vram


def test_without_limits_nothing_is_given_up():
    known = advice("a cat", measured=Measured())
    assert known.seconds == pytest.approx(0.832 * 1.216 * known.parameters.steps * 0.5)
    assert known.trade_offs == ()


def test_steps_go_down_first_and_the_trade_off_is_named():
    known = advice("a cat", priority="quality", limits=Limits(max_seconds=12), measured=Measured())
    assert known.parameters.steps == 23
    assert (known.parameters.width, known.parameters.height) == (832, 1216)
    assert known.seconds is not None
    assert known.seconds <= 12
    (said,) = known.trade_offs
    assert said == "23 steps instead of 30, to stay within 12 seconds: detail may suffer."
    assert said in known.reasons["steps"]
    assert 30 in [other.value for other in known.alternatives["steps"]]


def test_then_the_size_shrinks_and_steps_come_back_as_far_as_they_fit():
    known = advice("a cat", limits=Limits(max_seconds=8), measured=Measured())
    assert (known.parameters.width, known.parameters.height) == (704, 1024)
    assert known.parameters.steps == 22
    assert known.trade_offs[-1].startswith("704 × 1024 instead of 832 × 1216")


def test_memory_is_kept_by_a_smaller_size_alone():
    known = advice("a cat", limits=Limits(max_vram=8 * GIB), measured=Measured(memory=9 * 1024))
    assert known.vram_is_measured
    assert known.vram is not None
    assert known.vram <= 8 * GIB
    assert known.parameters.width < 832
    assert known.parameters.steps == advice("a cat").parameters.steps


def test_a_limit_that_cannot_be_kept_is_named_and_time_is_saved_as_far_as_it_goes():
    known = advice("a cat", limits=Limits(max_seconds=0.01), measured=Measured())
    assert known.parameters.steps == 20
    assert known.trade_offs[-1].endswith("the limit of 0.01 seconds cannot be kept.")


def test_nothing_is_given_up_for_memory_the_model_alone_exceeds():
    known = advice("a cat", limits=Limits(max_vram=4 * GIB))
    assert known.parameters == advice("a cat").parameters
    assert not known.vram_is_measured
    (said,) = known.trade_offs
    assert said.endswith("the limit of 4 GiB of GPU memory cannot be kept.")


def test_what_was_never_measured_is_not_pretended_to_fit():
    known = advice("a cat", "odd", limits=Limits(max_seconds=5, max_vram=GIB))
    assert known.seconds is None
    assert len(known.trade_offs) == 2
    assert all(said.endswith("is not checked.") for said in known.trade_offs)


def test_what_is_stated_or_decided_is_not_touched_by_a_limit():
    limits = {"limits": Limits(max_seconds=1), "measured": Measured()}
    stated = advice("a cat", tier=tier(steps=40), **limits)
    assert stated.parameters.steps == 40
    decided = {"steps": 40, "width": 1024}
    known = advice("a cat", decided=decided, **limits)
    assert (known.parameters.steps, known.parameters.width) == (40, 1024)
    assert known.parameters.height == 1216
    assert known.trade_offs[-1].endswith("cannot be kept.")


def test_memory_is_estimated_by_file_and_pixels():
    small, large = (estimated_vram("sdxl", None, side, side) for side in (512, 1024))
    assert small is not None
    assert large is not None
    assert 6.5 * 10**9 < small < large < 9 * 10**9
    huge = estimated_vram("sd15", None, 2048, 2048)
    assert huge is not None
    assert huge > 15 * 10**9  # decoding takes most there
    assert estimated_vram("odd", None, 64, 64) is None
    assert estimated_vram("odd", 10**9, 64, 64) is not None


def test_a_file_of_full_precision_is_loaded_at_half():
    full, half = (estimated_vram("sd15", size, 512, 512) for size in (4_270_000_000, 2_130_000_000))
    assert full == half


def test_the_size_of_the_checkpoints_file_counts():
    light = advice("a cat", "flux", checkpoint=model("flux_fp8", size=11 * 10**9))
    heavy = advice("a cat", "flux", checkpoint=model("flux", size=23 * 10**9))
    assert light.vram is not None
    assert heavy.vram is not None
    assert heavy.vram - light.vram == 12 * 10**9
