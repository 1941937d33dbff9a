"""Which images wait for a score, and where scores came from; what lies in the bin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.stages.samples import make_grid
from vibes.stages import Session
from vibes.storage import ScoreSource, Store, open_database

MODEL = "0123456789ab"


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    """Two grids of three pictures each; the later one is called "late"."""
    store = Store(open_database(tmp_path))
    store.profiles.ensure("default", "now")
    store.sessions.add(Session(id="session", name="", flow="x", profile="default", created="now"))
    for name in ("early", "late"):
        store.grids.add(make_grid(3, id=name))
    yield store
    store.close()


def scored(image: str, model: str = MODEL) -> ScoreSource:
    return ScoreSource(image_id=image, model=f"{model}:224squash", pixels="ff", prompt="ee")


def test_what_has_no_score_waits_the_last_grid_first(store):
    assert store.scorings.of_last_grids(MODEL, 5) == [
        *("late-0", "late-1", "late-2"),
        *("early-0", "early-1", "early-2"),
    ]
    assert store.scorings.of_last_grids(MODEL, 1) == ["late-0", "late-1", "late-2"]


def test_a_score_of_the_present_model_is_enough_and_one_of_another_is_not(store):
    assert store.scorings.record(scored("late-0"), {"adherence": 0.7})
    assert store.grids.image("late-0").scores == {"adherence": 0.7}
    assert store.scorings.of_batch(MODEL, "late") == ["late-1", "late-2"]
    assert len(store.scorings.of_batch("another", "late")) == 3
    assert store.scorings.of(["late-0", "late-1"]) == {"late-0": scored("late-0")}


def test_what_was_asked_for_waits_however_old_it_is(store):
    store.scorings.want(["early-1", "unheard-of"])
    assert "early-1" in store.scorings.of_last_grids(MODEL, 1)
    store.scorings.record(scored("early-1"), {"adherence": 0.2})
    assert "early-1" not in store.scorings.of_last_grids(MODEL, 1)


def test_a_picture_that_cannot_be_scored_is_tried_again_only_when_asked(store):
    why = ScoreSource(image_id="late-0", model=MODEL, error="it is no picture")
    assert store.scorings.record(why, {})
    assert "late-0" not in store.scorings.of_last_grids(MODEL, 5)
    assert "late-0" in store.scorings.of_session(MODEL, "session")
    assert "late-0" in store.scorings.of_all(MODEL)


def test_scores_of_other_scorers_stay(store):
    store.grids.add(replace(make_grid(1, id="other"), images=()))
    image = replace(make_grid(1, id="other").images[0], scores={"other": 0.25})
    store._db.table("images").insert(_row(image))
    store.scorings.record(scored(image.id), {"adherence": 0.5})
    assert store.grids.image(image.id).scores == {"other": 0.25, "adherence": 0.5}


def test_what_is_gone_takes_no_score(store):
    store.sessions.delete("session")
    assert not store.scorings.record(scored("late-0"), {"adherence": 0.7})
    assert not store.scorings.any_collected()


def test_pictures_that_other_images_show_too_are_not_theirs_alone(store):
    for image, pixels in (("late-0", "aa"), ("late-1", "bb"), ("early-0", "bb")):
        source = ScoreSource(image_id=image, model=MODEL, pixels=pixels, prompt="ee")
        store.scorings.record(source, {})
    store.scorings.record(ScoreSource(image_id="late-2", model=MODEL, error="no picture"), {})
    assert store.scorings.pixels_of_only(["late-0", "late-1", "late-2"]) == ["aa"]
    assert store.scorings.pixels_of_only(["late-1", "early-0"]) == ["bb"]


# --- the bin ---------------------------------------------------------------------------------


def test_a_pick_and_what_others_were_made_from_stay_out_of_the_bin(store):
    store.grids.select("late-0", "selected")
    child = replace(make_grid(1, id="child", stage=1, parent="late"), images=())
    store.grids.add(child)
    image = replace(make_grid(1, id="child").images[0], parent_id="late-1")
    store._db.table("images").insert(_row(image))
    assert store.bin.put("late-0", "now") == "It is a pick."
    assert store.bin.put("late-1", "now") == "Other pictures were made from it."
    assert store.bin.put("nobody", "now") == "There is no such image."
    assert store.bin.put("late-2", "now") is None
    assert store.bin.ids() == ["late-2"]


def test_what_lies_in_the_bin_is_not_scored_and_comes_back_as_it_was(store):
    before = store.grids.image("late-2")
    store.bin.put("late-2", "2026-01-01T00:00:00Z")
    assert store.grids.image("late-2") == replace(before, binned="2026-01-01T00:00:00Z")
    assert "late-2" not in store.scorings.of_batch(MODEL, "late")
    assert store.bin.restore(["late-2", "late-1"]) == ["late-2"]
    assert store.grids.image("late-2") == before


def test_what_is_thrown_away_is_gone_for_good_and_nothing_else(store):
    for image in ("late-0", "late-2"):
        store.bin.put(image, "now")
    store.grids.select("late-0", "selected")  # whoever asked had not seen the bin
    assert store.bin.disown(["late-0", "late-1", "late-2"]) == ["late-2"]
    assert store.grids.image("late-2").state == "cancelled"  # its file is nobody's from here on
    assert "late-2" in store.grids.unlanded_ids()
    store.bin.sweep()
    assert [image.id for image in store.grids.get("late").images] == ["late-0", "late-1"]


def _row(image):
    from vibes.storage.grids import _image_row

    return _image_row(image)
