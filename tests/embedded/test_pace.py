"""How long a pretended picture takes."""

from __future__ import annotations

import pytest

from companion_app.embedded.machine import DRAFT_SECONDS, Pace


def test_a_draft_takes_its_time_and_speed_shortens_it():
    assert Pace().sampling(512, 768, 20) == pytest.approx(DRAFT_SECONDS)
    assert Pace(speed=4).sampling(512, 768, 20) == pytest.approx(DRAFT_SECONDS / 4)


def test_larger_pictures_and_more_steps_take_longer():
    draft = Pace().sampling(512, 768, 20)
    assert Pace().sampling(1024, 1536, 20) == pytest.approx(2 * draft)
    assert Pace().sampling(512, 768, 40) == pytest.approx(2 * draft)


def test_a_fixed_time_holds_for_every_picture_and_loading_is_free():
    pace = Pace(seconds_per_image=0.5)
    assert {pace.sampling(64, 64, 1), pace.sampling(1024, 1536, 50)} == {0.5}
    assert pace.loading() == 0
