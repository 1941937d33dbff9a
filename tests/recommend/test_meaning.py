from __future__ import annotations

import numpy as np
import pytest

from tests.prompts.static_model import write_model
from tests.recommend.samples import fits, library, lora
from vibes.prompts import topics
from vibes.prompts.encoders import Model2VecEncoder
from vibes.recommend import Clusters, Target, recommend_loras
from vibes.recommend.meaning import Scale

GROUPS = [
    ["sunset", "dusk", "twilight"],
    ["beach", "ocean", "sea"],
    ["violin", "cello"],
    ["koala", "cat", "fox"],
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Model2VecEncoder:
    inside = {word for group in GROUPS for word in group}
    others = sorted({word for topic in topics() for word in topic.split()} - inside)
    others += ["blob"]
    return Model2VecEncoder(write_model(tmp_path_factory.mktemp("tiny"), GROUPS, others))


def test_a_prompt_finds_by_meaning_what_it_does_not_say(encoder: Model2VecEncoder) -> None:
    loras = lora("ocean_at_dusk"), lora("misty_forest"), lora("robots")
    found = fits("sunset on beach", *loras, encoder=encoder, synonyms={})
    assert list(found) == ["ocean_at_dusk"]
    fit = found["ocean_at_dusk"]
    assert fit.semantic is not None
    assert fit.semantic > 0.4
    assert fit.keyword == 0
    assert fits("sunset on beach", *loras, synonyms={}) == {}


def test_what_has_nothing_to_do_with_the_prompt_is_at_zero(encoder: Model2VecEncoder) -> None:
    loras = library(lora("misty_forest"), lora("robots"), encoder=encoder)
    for name in loras.records:
        assert loras.fit(name, ["violin"]).semantic == 0
        assert loras.fit(name, []).semantic == 0
        assert loras.fit(name, ["qwertz"]).semantic == 0


def test_advice_says_that_it_is_by_meaning(encoder: Model2VecEncoder) -> None:
    loras = library(lora("cello_player"), lora("robots"), encoder=encoder)
    (advice,) = recommend_loras(["violin"], loras, Target(family="sd15"))
    assert advice.reason == "cello_player at 0.7: it means much the same as your prompt."
    assert advice.parts["semantic"] is not None
    assert advice.parts["keyword"] == 0


def test_an_empty_library_has_no_meanings(encoder: Model2VecEncoder) -> None:
    assert library(encoder=encoder).fits(["violin"]) == {}


def test_unknown_words_join_the_topic_of_the_nearest_words(encoder: Model2VecEncoder) -> None:
    clusters = Clusters(topics(), encoder)
    assert clusters["koala"] == "animals"
    assert clusters["beach"] == topics()["beach"]
    assert not any(word in clusters for word in ("cello", "blob", "qwertz"))
    assert dict(clusters) == dict(topics())


def test_without_topics_or_an_encoder_nothing_is_joined(encoder: Model2VecEncoder) -> None:
    assert "koala" not in Clusters({}, encoder)
    assert "koala" not in Clusters(topics(), None)


def test_an_encoder_that_finds_everything_alike_needs_more_to_say_something() -> None:
    rng = np.random.default_rng(1)
    alike = Scale.among(rng.normal(0.6, 0.04, 5_000))
    apart = Scale.among(rng.normal(0.0, 0.04, 5_000))
    assert alike.low > 0.65
    assert apart.low == pytest.approx(0.3)
    assert alike.of(np.array([0.6, 1.0])).tolist() == [0.0, 1.0]
