"""The library LoRA recommendations are measured with, and what the benchmark makes of figures."""

from __future__ import annotations

import pytest

from benchmarks.goals import verdict
from benchmarks.recommend import GOALS
from benchmarks.recommending.library import FAMILIES, asks, labelled_library, large_library
from benchmarks.recommending.paraphrases import PARAPHRASES, UNRELATED


def test_every_figure_is_held_against_its_goal():
    met = {
        "precision_at_3": 0.8,
        "wrong_family": 0,
        "recommend_ms": 15,
        "memory_mb": 100,
        "paraphrases_shared": 0.8,
        "unrelated_shared": 0,
    }
    assert met.keys() == GOALS.keys()
    assert set(verdict(met, GOALS).values()) == {True}
    missed = {
        "precision_at_3": 0.79,
        "wrong_family": 1,
        "recommend_ms": 15.1,
        "memory_mb": 101,
        "paraphrases_shared": 0.79,
        "unrelated_shared": 0.01,
    }
    assert set(verdict(missed, GOALS).values()) == {False}


def test_the_labelled_library_is_as_large_and_mixed_as_it_claims():
    library = labelled_library()
    families = {record.family for record in library.records.values()}
    assert len(library.records) >= 300
    assert families > set(FAMILIES)
    assert len(asks(tuning=False)) >= 150


def test_no_prompt_that_is_reported_was_tuned_on():
    reported = {ask.prompt for ask in asks(tuning=False)}
    assert reported.isdisjoint(ask.prompt for ask in asks(tuning=True))


@pytest.mark.parametrize("pairs", [PARAPHRASES, UNRELATED])
def test_no_pair_stands_twice(pairs):
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


def test_a_large_library_has_as_many_loras_as_are_wanted():
    assert len(large_library(500)) == 500
