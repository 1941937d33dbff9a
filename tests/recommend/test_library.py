from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recommend.samples import fits, library, lora
from vibes.catalog import ModelRecord
from vibes.prompts import keywords
from vibes.recommend.relevance import MIN_RELEVANCE, weighted
from vibes.settings.models import LoraWeights


def test_a_lora_whose_name_the_prompt_says_fits_best() -> None:
    found = fits(
        "sunset on beaches",
        lora("beach_sunset"),
        lora("sunsetCity-v2"),
        lora("misty_forest"),
        lora("golden_hour", tags=("hill", "sunset")),
    )
    assert list(found) == ["beach_sunset", "sunsetCity-v2", "golden_hour"]
    assert found["beach_sunset"].relevance > 0.7


def test_the_last_word_of_a_name_says_what_it_is_and_the_others_describe_it() -> None:
    found = fits(
        "a house", lora("mushroom_house"), lora("house_of_mushrooms"), lora("house_mushroom")
    )
    assert found["mushroom_house"].keyword == found["house_of_mushrooms"].keyword
    assert found["house_mushroom"].keyword < found["mushroom_house"].keyword


def test_a_lora_of_another_or_of_unknown_family_never_fits() -> None:
    loras = lora("beach_a", "sdxl"), lora("beach_b", None)
    assert fits("beach", *loras) == {}
    assert set(fits("beach", *loras, family=None)) == {"beach_a", "beach_b"}


def test_only_those_asked_for_are_looked_at() -> None:
    both = library(lora("beach_a"), lora("beach_b"))
    among = ["beach_b.safetensors", "gone.safetensors"]
    assert list(both.fits(["beach"], among=among)) == ["beach_b.safetensors"]


def test_a_trigger_phrase_speaks_for_a_lora() -> None:
    found = fits("a neonpunk alley", lora("np_v3", triggers=("neonpunk",)), lora("other"))
    assert list(found) == ["np_v3"]
    assert found["np_v3"].relevance > 0.7


def test_the_first_tag_calls_a_lora_that_states_no_trigger() -> None:
    tags = ("speckled", "egg", "nest")
    found = fits("speckled stone", lora("a_x", tags=tags), lora("b_x", tags=tags, triggers=("bx",)))
    assert found["a_x"].keyword > 0.5 > found["b_x"].keyword


def test_a_title_says_what_a_name_keeps_back() -> None:
    assert list(fits("origami crane", lora("xx12", title="Origami"), lora("yy"))) == ["xx12"]


def test_a_trigger_that_many_share_says_little() -> None:
    crowd = [lora(f"hero{letter}", triggers=("kimono",)) for letter in "abcdefgh"]
    alone = fits("kimono", crowd[0], *(lora(f"other{letter}") for letter in "abcdefg"))
    shared = fits("kimono", *crowd)
    assert max(fit.relevance for fit in shared.values()) < 0.5 < alone["heroa"].relevance


def test_a_generic_word_speaks_for_no_lora() -> None:
    assert fits("a girl", lora("alice", triggers=("girl",), tags=("1girl", "solo"))) == {}


def test_a_describing_word_alone_speaks_for_no_lora() -> None:
    assert fits("red dragon", lora("red_dress"), lora("misty_forest")) == {}


def test_a_prompt_without_keywords_fits_nothing() -> None:
    assert fits("masterpiece, 8k", lora("masterpiece_8k")) == {}


def test_a_tag_of_few_training_pictures_counts_less() -> None:
    rare = lora("a_x", tags=("girl", "dragon"), tag_counts=(100, 4))
    usual = lora("b_x", tags=("girl", "dragon"), tag_counts=(100, 90))
    found = library(rare, usual)
    few, many = (found.fit(one.name, ["dragon"]).keyword for one in (rare, usual))
    assert 0 < few < many


def test_a_misspelled_word_is_read_as_the_nearest_of_the_library() -> None:
    found = fits("cyberpnk alley", lora("cyberpunk"), lora("forest"))
    assert list(found) == ["cyberpunk"]
    assert found["cyberpunk"].match.read_as == {"cyberpnk": "cyberpunk"}


@pytest.mark.parametrize("prompt", ["mountain lake", "a stranger", "cat"])
def test_a_word_that_is_none_of_the_librarys_stays_what_it_is(prompt: str) -> None:
    assert fits(prompt, lora("fountain"), lora("ranger"), lora("bat")) == {}


def test_words_written_in_one_or_apart_are_the_same() -> None:
    assert list(fits("line art of a crab", lora("lineart"))) == ["lineart"]
    assert list(fits("paintsplash", lora("paint_splash"))) == ["paint_splash"]


def test_a_synonym_counts_less_than_the_word_and_says_for_what_it_stands() -> None:
    own = {"dusk": ("sunset",), "sunset": ("dusk",)}
    word = fits("sunset", lora("sunset"), lora("forest"), synonyms=own)["sunset"]
    synonym = fits("dusk", lora("sunset"), lora("forest"), synonyms=own)["sunset"]
    assert synonym.keyword == pytest.approx(0.8 * word.keyword)
    assert synonym.match.stands_for == {frozenset({"sunset"}): "dusk"}


def test_a_synonym_of_several_words_speaks_only_where_all_of_them_stand() -> None:
    own = {"papercut": ("paper craft",)}
    found = fits("papercut fox", lora("paper_craft"), lora("craft_beer"), synonyms=own)
    assert list(found) == ["paper_craft"]


def test_downloads_raise_what_fits_and_never_make_a_lora_fit() -> None:
    found = fits(
        "dragon",
        lora("dragon_a", popularity=100_000),
        lora("dragon_b", popularity=10),
        lora("dragon_c"),
        lora("castle", popularity=1_000_000),
    )
    assert next(iter(found)) == "dragon_a"
    assert "castle" not in found
    assert found["dragon_c"].popularity is None
    assert found["dragon_c"].relevance == pytest.approx(found["dragon_c"].keyword)


def test_without_a_text_encoder_nothing_is_known_by_meaning() -> None:
    found = fits("ocean at dusk, dragon", lora("dragon"))
    assert found["dragon"].parts == {
        "semantic": None,
        "keyword": found["dragon"].keyword,
        "popularity": None,
    }


def test_weights_decide_what_counts() -> None:
    parts = {"semantic": None, "keyword": 0.4, "popularity": 1.0}
    assert weighted(parts, LoraWeights()) == pytest.approx((0.3 * 0.4 + 0.2) / 0.5)
    assert weighted(parts, LoraWeights(popularity=0)) == pytest.approx(0.4)
    assert weighted(parts, LoraWeights(keyword=0, popularity=0)) == 0


words = st.sampled_from(["beach", "sunset", "forest", "misty", "neon", "city", "girl", "ink"])
names = st.lists(words, min_size=1, max_size=3).map("_".join)
records = st.builds(
    lambda name, family, tags: lora(name, family, triggers=tuple(tags[:1]), tags=tuple(tags)),
    names,
    st.sampled_from(["sd15", "sdxl", None]),
    st.lists(words, max_size=4),
)
libraries = st.lists(records, min_size=1, max_size=6)


@given(st.lists(words, max_size=5), libraries)
def test_relevance_is_a_share_and_only_of_the_family(
    prompt: list[str], loras: list[ModelRecord]
) -> None:
    known = library(*loras)
    for name, fit in known.fits(keywords(", ".join(prompt)), family="sd15").items():
        assert MIN_RELEVANCE <= fit.keyword <= 1
        assert fit.relevance == pytest.approx(fit.keyword)
        assert known.records[name].family == "sd15"


@given(st.lists(words, min_size=1, max_size=4), libraries)
def test_saying_more_of_a_loras_name_never_makes_it_fit_less(
    prompt: list[str], loras: list[ModelRecord]
) -> None:
    known = library(*loras)
    for name, fit in known.fits(prompt, family="sd15").items():
        said = [*prompt, *name.removesuffix(".safetensors").split("_")]
        assert known.fit(name, said).keyword >= fit.keyword - 1e-9


@given(st.lists(words, min_size=1, max_size=4), libraries, st.integers(0, 10**9))
def test_more_downloads_never_make_a_lora_fit_less(
    prompt: list[str], loras: list[ModelRecord], more: int
) -> None:
    known = {record.name: replace(record, popularity=1000) for record in loras}
    before = library(*known.values()).fits(prompt)
    for name, fit in before.items():
        raised = replace(known[name], popularity=1000 + more)
        after = library(*{**known, name: raised}.values()).fits(prompt)
        assert after[name].relevance >= fit.relevance - 1e-9


def test_a_word_thousands_of_loras_share_hardly_speaks_for_one() -> None:
    crowd = (
        lora(f"style_{number}_ink", triggers=(f"trigger{number}",), tags=("tree", f"tag {number}"))
        for number in range(5_000)
    )
    found = library(*crowd).fits(("ink", "tree"), family="sd15")
    assert max((fit.relevance for fit in found.values()), default=0) < 0.5
