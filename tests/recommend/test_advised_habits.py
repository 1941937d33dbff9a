"""Advice follows the user's habits where models and configuration leave it free."""

from __future__ import annotations

import pytest

from tests.recommend.advising import Measured, advice, model, tier
from vibes.preferences import Habits, ParametersChanged
from vibes.recommend import Limits


def habits(count: int = 7, family: str = "sdxl", **changes: tuple) -> Habits:
    """Every parameter was suggested and then changed so, in as many grids."""
    suggested = {name: was for name, (was, _) in changes.items()}
    chosen = {name: now for name, (_, now) in changes.items()}
    about = ("2026-01-31T12:00:00Z", "default", "s", "b", 0, "", (), family, None)
    return Habits.fold(ParametersChanged(str(n), *about, suggested, chosen) for n in range(count))


def test_a_habit_shifts_the_advice_and_the_reason_names_it():
    plain = advice("a cat")
    known = advice("a cat", habits=habits(cfg=(7.0, 5.0)))
    assert known.parameters.cfg < plain.parameters.cfg
    assert "You usually lower CFG: by 2 in 7 of 7 grids." in known.reasons["cfg"]
    assert plain.parameters.cfg in [other.value for other in known.alternatives["cfg"]]
    assert 0.6 < known.confidence["cfg"] < 0.75
    assert known.confidence["steps"] == 0
    assert known.baseline == plain.parameters


def test_more_grids_shift_it_further():
    steps = [
        advice("a cat", habits=habits(count, steps=(20, 40))).parameters.steps
        for count in (0, 1, 4, 40)
    ]
    assert steps == sorted(steps)
    assert steps[0] == 22
    assert 40 <= steps[-1] <= 44


def test_names_are_taken_over():
    known = advice("a cat", habits=habits(sampler=("euler", "heun"), scheduler=("normal", "beta")))
    assert (known.parameters.sampler, known.parameters.scheduler) == ("heun", "beta")


def test_sizes_follow_on_the_grid():
    known = advice("a cat", habits=habits(40, width=(832, 960)))
    assert (known.parameters.width, known.parameters.height) == (960, 1216)


@pytest.mark.parametrize(
    "given",
    [
        {"tier": tier(cfg=6.0)},
        {"decided": {"cfg": 6.0}},
        {"checkpoint": model("sdxl_lightning_4step")},
        {"family": "flux"},
    ],
)
def test_what_is_stated_decided_or_fixed_by_the_model_has_no_habits(given):
    own = habits(family=given.get("family", "sdxl"), cfg=(7.0, 3.0))
    known = advice("a cat", habits=own, **given)
    assert known.parameters == advice("a cat", **given).parameters
    assert known.confidence["cfg"] == 0


def test_habits_with_another_style_or_family_do_not_count():
    own = habits(cfg=(7.0, 3.0))
    assert advice("a photo of a cat", habits=own) == advice("a photo of a cat")
    assert advice("a cat", "sd15", habits=own) == advice("a cat", "sd15")


def test_a_limit_outweighs_a_habit():
    given = {"habits": habits(40, steps=(20, 60)), "measured": Measured()}
    free = advice("a cat", **given)
    held = advice("a cat", limits=Limits(max_seconds=12), **given)
    assert free.parameters.steps > held.parameters.steps
    assert held.seconds is not None
    assert held.seconds <= 12


def test_what_the_workflow_decides_is_told_as_such_and_has_no_habits_and_no_alternatives():
    constants = {"steps": 8, "cfg": None}
    known = advice("a cat", constants=constants, habits=habits(steps=(20, 40), cfg=(7.0, 5.0)))
    plain = advice("a cat")
    assert (known.parameters.steps, known.parameters.cfg) == (8, plain.parameters.cfg)
    assert known.reasons["steps"] == "8 steps: as your workflow has it."
    assert "your workflow decides it without telling" in known.reasons["cfg"]
    assert {"steps", "cfg"} <= known.fixed
    assert known.alternatives["steps"] == known.alternatives["cfg"] == ()
    limited = advice(
        "a cat", constants=constants, limits=Limits(max_seconds=1), measured=Measured()
    )
    assert limited.parameters.steps == 8
