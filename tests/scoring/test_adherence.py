"""Adherence: what is near its text wins, in any order of pictures, and views are merged fairly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.scoring.adherence import MAX_MARGIN, Adherence, Texts, adherences, ranks, texts_of
from vibes.scoring.adherence_json import from_json, to_json
from vibes.scoring.adherence_views import merged
from vibes.scoring.calibration import ANY, Calibration, Calibrations
from vibes.scoring.requirements import Requirement

from .grids import GRIDS, PATIENT, Grid

RED = Requirement("a red boat", "colour", ("a blue boat", "a green boat", "a black boat"))
CURVES = Calibrations({("m", ANY): Calibration("platt", (0.3, -0.5), (), 50)})
AXES = np.eye(5, dtype=np.float32)


def test_the_picture_nearest_to_the_requirement_is_first():
    """Axis 0 is the requirement, 1 to 3 its alternatives, 4 something else."""
    images = np.stack([AXES[1], AXES[0], (AXES[0] + AXES[1]) / math.sqrt(2), AXES[4]])
    found = adherences(images, Texts(AXES[0], (AXES[:4],)), [RED], scale=20, model="m")
    assert [picture.rank for picture in found] == [4, 1, 2, 3]
    blue, red, both, neither = (picture.items[0] for picture in found)
    assert red.p > 0.99 > 0.01 > blue.p
    assert both.p == pytest.approx(0.5, abs=0.001)
    assert neither.p == pytest.approx(0.25)
    assert red.raw == 1.0
    assert not any(picture.calibrated for picture in found)


def test_a_margin_is_the_log_odds_of_the_share_and_bounded():
    found = adherences(AXES[:1], Texts(AXES[0], (AXES[:4],)), [RED], scale=1, model="m")
    assert found[0].items[0].margin == pytest.approx(1 - math.log(3))
    far = adherences(AXES[:1], Texts(AXES[0], (AXES[:4],)), [RED], scale=1000, model="m")
    assert far[0].items[0].margin == MAX_MARGIN


def test_the_whole_prompt_decides_between_equals_only():
    prompt = AXES[4]
    images = np.stack([AXES[3], (AXES[3] + 0.1 * AXES[4]) / math.hypot(1, 0.1)])
    contrast = AXES[[0, 1, 2]]  # both pictures are equally far from all of it
    found = adherences(images, Texts(prompt, (contrast,)), [RED], scale=20, model="m")
    assert found[0].overall == pytest.approx(found[1].overall)
    assert [picture.rank for picture in found] == [2, 1]
    assert [picture.items[0].rank for picture in found] == [1, 1]


def test_without_requirements_the_whole_prompt_is_all_there_is():
    found = adherences(AXES[:2], Texts(AXES[0], ()), [], scale=20, model="m", calibrations=CURVES)
    assert [(picture.overall, picture.rank, picture.percent) for picture in found] == [
        (1.0, 1, None),
        (0.5, 2, None),
    ]


def test_a_percentage_is_the_mean_of_calibrated_probabilities():
    found = Grid(3, 4, 3).scores(calibrations=CURVES)
    for picture in found:
        percents = [item.percent for item in picture.items if item.percent is not None]
        assert picture.percent == pytest.approx(np.mean(percents))
        assert picture.calibration == CURVES.id


def test_one_requirement_without_calibration_leaves_the_picture_relative():
    one_slot = Calibrations({("m", "colour"): CURVES.curves["m", ANY]})
    (picture, *_) = Grid(3, 4, 3).scores(calibrations=one_slot)
    assert [item.percent is None for item in picture.items] == [False, True, True]
    assert (picture.percent, picture.calibrated, picture.calibration) == (None, False, None)


def test_no_pictures_have_no_adherences():
    assert adherences(AXES[:0], Texts(AXES[0], (AXES[:4],)), [RED], scale=1, model="m") == []


def test_each_text_is_encoded_once():
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return np.arange(len(texts) * 2, dtype=np.float32).reshape(-1, 2)

    blue = Requirement("a blue boat", "colour", ("a red boat", "a green boat"))
    texts = texts_of("a red boat", (RED, blue), encode)
    assert len(asked) == len({*asked}) == 4
    assert texts.contrasts[1][1].tolist() == texts.prompt.tolist()


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        (AXES[:, :4], Texts(AXES[0], (AXES[:4],)), "from one model"),
        (AXES[0], Texts(AXES[0], (AXES[:4],)), "from one model"),
        (AXES, Texts(AXES[0], ()), "texts"),
        (AXES, Texts(AXES[0], (AXES[:1],)), "needs alternatives"),
        (AXES * np.nan, Texts(AXES[0], (AXES[:4],)), "not finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(images: np.ndarray, texts: Texts, message: str):
    with pytest.raises(InvalidInput, match=message):
        adherences(images, texts, [RED], scale=20, model="m")


@PATIENT
@given(GRIDS)
def test_every_number_is_in_its_range_and_ranks_count_from_one(grid: Grid):
    found = grid.scores(calibrations=CURVES)
    count = len(found)
    for picture in found:
        assert picture.of == count
        assert 0 <= picture.overall <= 1
        assert all(0 <= item.p <= 1 and abs(item.margin) <= MAX_MARGIN for item in picture.items)
        assert all(item.percent is not None and 0 <= item.percent <= 100 for item in picture.items)
    by_requirement = zip(*([item.rank for item in p.items] for p in found), strict=True)
    for column in [[picture.rank for picture in found], *by_requirement]:
        assert {*column} <= {*range(1, count + 1)}
        assert all(rank == 1 + sum(other < rank for other in column) for rank in column)


@PATIENT
@given(GRIDS, st.randoms(use_true_random=False))
def test_the_order_of_the_pictures_does_not_matter(grid: Grid, random):
    order = [*range(len(grid.images)), 0]  # one of them twice: equals share their rank
    random.shuffle(order)
    whole = [*range(len(grid.images)), 0]
    plain = dict(zip(whole, grid.scores(whole), strict=True))
    for place, picture in zip(order, grid.scores(order), strict=True):
        assert _rounded(picture) == _rounded(plain[place])


def _rounded(picture: Adherence) -> tuple[object, ...]:
    items = [(item.rank, round(item.p, 6), round(item.margin, 6)) for item in picture.items]
    return picture.rank, round(picture.overall, 6), round(picture.raw, 6), items


@PATIENT
@given(st.lists(st.sampled_from((0.0, 0.5, 0.5 + 1e-12, 1.0)), min_size=1, max_size=9))
def test_ranks_are_shared_by_equals(values: list[float]):
    rounded = [round(value, 6) for value in values]
    assert ranks(values).tolist() == [1 + sum(v > own for v in rounded) for own in rounded]


@PATIENT
@given(GRIDS, st.booleans())
def test_json_gives_back_what_it_was_given(grid: Grid, calibrated: bool):
    for picture in grid.scores(calibrations=CURVES if calibrated else None):
        assert from_json(to_json(picture)) == picture


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"version":1', '"version":9', "version 9"),
        ('"version":1,', "", "damaged"),
        ('"overall":', '"all":', "damaged at overall"),
        ('"raw":', '"raw":"x","r":', "damaged at"),
        ('"rank":', '"rank":NaN,"r":', "NaN is no number"),
        ("{", "[", "damaged"),
    ],
)
def test_damaged_json_is_refused_in_a_sentence(old: str, new: str, message: str):
    text = to_json(Grid(1, 2, 2).scores()[0])
    with pytest.raises(InvalidInput, match=message):
        from_json(text.replace(old, new, 1))


def test_a_second_look_counts_where_it_is_clearly_better():
    grid = Grid(1, 3, 2)
    whole = grid.scores()
    better = [_moved(picture, 2.0, "zone: top") for picture in whole]
    luck = [_moved(picture, 0.5, "zone: bottom") for picture in whole]
    alone = merged([whole, luck])
    assert [picture.items for picture in alone] == [picture.items for picture in whole]
    found = merged([whole, [better[0], None, better[2]], [None, luck[1], luck[2]]])
    assert [picture.method for picture in found] == ["zone: top", "whole picture", "zone: top"]
    pairs = zip(found, whole, strict=True)
    margins = [picture.items[0].margin - old.items[0].margin for picture, old in pairs]
    assert margins == pytest.approx([2 - math.log(2), 0, 2 - math.log(3)])
    assert [picture.raw for picture in found] == [picture.raw for picture in whole]


def _moved(picture: Adherence, by: float, method: str, model: str = "m") -> Adherence:
    items = (
        replace(item, margin=item.margin + by, method=method, model=model) for item in picture.items
    )
    return replace(picture, items=tuple(items), method=method)


def test_views_of_different_models_are_compared_by_their_calibrations():
    """The second model's margins are larger and mean less."""
    curves = Calibrations(
        {**CURVES.curves, ("loud", ANY): Calibration("platt", (0.01, -3.0), (), 50)}
    )
    whole = Grid(1, 3, 2).scores(calibrations=curves)
    loud = [_moved(picture, 5.0, "permissive", "loud") for picture in whole]
    assert {item.method for picture in merged([whole, loud]) for item in picture.items} == {
        "permissive"
    }
    kept = merged([whole, loud], curves)
    assert {item.method for picture in kept for item in picture.items if item.margin > -5} == {
        "whole picture"
    }
    assert all(picture.percent is not None and picture.calibration == curves.id for picture in kept)


@PATIENT
@given(GRIDS)
def test_one_view_is_merged_into_itself(grid: Grid):
    assert merged([grid.scores(calibrations=CURVES)], CURVES) == grid.scores(calibrations=CURVES)


def test_views_of_other_pictures_or_requirements_are_refused():
    one, two = Grid(1, 3, 2).scores(), Grid(1, 3, 3).scores()
    with pytest.raises(InvalidInput, match="same requirements"):
        merged([one, two])
    with pytest.raises(InvalidInput, match="same pictures"):
        merged([one, two[:2]])
    with pytest.raises(InvalidInput, match="every picture"):
        merged([[None, *one[1:]], one])
    with pytest.raises(InvalidInput, match="same pictures"):
        merged([])
