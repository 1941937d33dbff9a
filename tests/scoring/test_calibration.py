"""Calibration: from margins to honest probabilities, never from too few labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.scoring.calibration import (
    ANY,
    FEWEST,
    ISOTONIC_FROM,
    Calibrations,
    Label,
    ece,
    fit,
    fit_calibrations,
)

from .grids import PATIENT


def drawn(count: int, seed: int = 0, *, slope: float = 0.5, offset: float = -1.0):
    """Margins as of a model that is too sure of itself, and what the pictures then show."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(1, 4, count)
    shown = rng.random(count) < 1 / (1 + np.exp(-(slope * margins + offset)))
    return margins, shown


def labels(model: str, slot: str, count: int, seed: int = 0) -> list[Label]:
    margins, shown = drawn(count, seed)
    pairs = zip(margins.tolist(), shown.tolist(), strict=True)
    return [Label(model, slot, margin, yes) for margin, yes in pairs]


@pytest.mark.parametrize(("count", "kind"), [(199, "platt"), (400, "isotonic")])
def test_a_fitted_curve_is_honest_about_pictures_it_has_not_seen(count: int, kind: str):
    margins, shown = drawn(4000, seed=1)
    raw = 1 / (1 + np.exp(-margins))
    errors = []
    for seed in range(2, 12):
        curve = fit(list(zip(*drawn(count, seed), strict=True)))
        assert curve is not None
        assert curve.kind == kind
        errors.append(ece(curve.of(margins), shown))
    assert np.mean(errors) <= 0.05 < ece(raw, shown)


def test_a_model_that_is_always_right_is_believed_at_every_margin_it_was_right_at():
    margins = np.concatenate([np.linspace(-20, -1, 150), np.linspace(1, 20, 150)])
    curve = fit(list(zip(margins, margins > 0, strict=True)))
    assert curve is not None
    assert curve.of([-20, -10, -1]).max() < 0.01
    assert curve.of([1, 10, 20]).min() > 0.99
    assert curve.of(0) == pytest.approx(0.5)


def test_too_few_labels_or_only_one_kind_fit_nothing():
    margins, shown = drawn(FEWEST - 1)
    assert fit(list(zip(margins, shown, strict=True))) is None
    assert fit([(float(n), True) for n in range(100)]) is None
    assert fit([(float(n), n < 2) for n in range(100)]) is None
    assert fit([]) is None


def test_a_model_that_is_wrong_about_a_slot_gets_one_rate_for_all():
    curve = fit([(float(n), n < 30) for n in range(60)])
    assert curve is not None
    assert curve.of([-100, 0, 100]) == pytest.approx([0.5, 0.5, 0.5])


def test_labels_that_a_margin_tells_apart_leave_a_doubt():
    for count in (40, 400):
        curve = fit([(float(n), n >= count // 2) for n in range(count)])
        assert curve is not None
        low, high = curve.of([-1e6, 1e6])
        assert low < 0.06
        assert high > 0.94
        if curve.kind == "isotonic":
            assert low > 0
            assert high < 1


def test_each_slot_has_its_curve_and_the_rest_shares_one():
    found = fit_calibrations([*labels("m", "colour", 50), *labels("m", "place", 5, seed=3)])
    assert {*found.curves} == {("m", "colour"), ("m", ANY)}
    assert found.curves["m", ANY].labels == 55
    assert found.percent("m", "place", 0.0) == found.percent("m", "mood", 0.0)
    assert found.percent("m", "colour", 0.0) != found.percent("m", "place", 0.0)
    assert found.percent("other model", "colour", 0.0) is None


def test_a_percentage_is_a_hundred_times_a_probability():
    found = fit_calibrations(labels("m", "colour", 300))
    curve = found.curve("m", "colour")
    assert curve is not None
    assert found.percent("m", "colour", 2.0) == pytest.approx(100 * float(curve.of(2.0)))


MARGINS = st.floats(-30, 30).map(lambda margin: round(margin, 2))
PAIRS = st.lists(st.tuples(MARGINS, st.booleans()), min_size=FEWEST, max_size=60)


@PATIENT
@given(PAIRS, st.sampled_from((1, 10)), st.lists(MARGINS, min_size=2, max_size=20))
def test_a_curve_never_falls_and_stays_between_0_and_1(pairs, times: int, asked: list[float]):
    curve = fit(pairs * times)
    if curve is None:
        return
    assert (curve.kind == "isotonic") == (len(pairs) * times >= ISOTONIC_FROM)
    found = curve.of(sorted(asked))
    assert (np.diff(found) >= -1e-12).all()
    assert (found >= 0).all()
    assert (found <= 1).all()


@PATIENT
@given(PAIRS, st.sampled_from((1, 10)), st.randoms(use_true_random=False))
def test_the_order_of_labels_does_not_matter_and_json_keeps_every_curve(pairs, times, random):
    given_labels = [Label("m", "colour", margin, shown) for margin, shown in pairs * times]
    found = fit_calibrations(given_labels)
    random.shuffle(given_labels)
    assert fit_calibrations(given_labels) == found
    again = Calibrations.from_json(found.to_json())
    assert again == found
    assert again.id == found.id


def test_other_curves_have_another_id():
    one, two = (fit_calibrations(labels("m", "colour", 50, seed)) for seed in (1, 2))
    assert one.id != two.id
    assert len(one.id) == 16


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"version":1', '"version":2', "version 2"),
        ('"platt"', '"step"', "no curve"),
        ('"platt"', '"isotonic"', "no curve"),
        ('"margins":[', '"margins":[-', "damaged"),
        ('"margins":[', '"margins":[NaN,', "not finite"),
        ('"slot"', '"s"', "damaged"),
        ("{", "", "damaged"),
    ],
)
def test_damaged_json_is_refused(old: str, new: str, message: str):
    text = fit_calibrations(labels("m", "colour", 50)).to_json()
    with pytest.raises(InvalidInput, match=message):
        Calibrations.from_json(text.replace(old, new, 1))


@pytest.mark.parametrize("change", ["falls", "leaves 0 to 1"])
def test_an_isotonic_curve_that_cannot_have_been_fitted_is_refused(change: str):
    probabilities = [0.9, 0.2] if change == "falls" else [0.2, 1.5]
    curve = {"model": "m", "slot": "x", "kind": "isotonic", "margins": [0, 1], "labels": 200}
    text = {"version": 1, "curves": [{**curve, "probabilities": probabilities}]}
    with pytest.raises(InvalidInput, match="damaged"):
        Calibrations.from_json(str(text).replace("'", '"'))


def test_a_margin_that_is_no_number_is_refused():
    with pytest.raises(InvalidInput, match="finite"):
        fit([(float("nan"), True)] * 30)


def test_calibration_error_is_the_distance_of_promise_and_fact():
    assert ece([], []) == 0
    assert ece([0.5] * 4, [True, True, False, False]) == 0
    assert ece([1.0] * 4, [True, True, False, False]) == 0.5
    assert ece([0.1] * 50 + [0.9] * 50, [False] * 50 + [True] * 50) == pytest.approx(0.1)
    with pytest.raises(InvalidInput, match="one answer for each"):
        ece([0.5], [True, False])


@PATIENT
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50), st.integers(1, 20))
def test_calibration_error_is_a_share_and_knows_no_order(pairs, bins: int):
    probabilities, shown = [p for p, _ in pairs], [y for _, y in pairs]
    error = ece(probabilities, shown, bins=bins)
    assert 0 <= error <= 1
    assert ece(probabilities[::-1], shown[::-1], bins=bins) == pytest.approx(error)
