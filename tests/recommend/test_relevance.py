from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibes.catalog import ModelRecord
from vibes.prompts import keywords
from vibes.recommend import lora_relevance
from vibes.recommend.relevance import MIN_RELEVANCE


def lora(
    name: str,
    family: str | None = "sd15",
    *,
    triggers: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
) -> ModelRecord:
    return ModelRecord("lora", f"{name}.safetensors", family, triggers=triggers, tags=tags)


def fits(prompt: str, *loras: ModelRecord, family: str = "sd15") -> dict[str, float]:
    records = {record.name.removesuffix(".safetensors"): record for record in loras}
    return lora_relevance(keywords(prompt), records, family)


def test_a_lora_whose_name_the_prompt_says_fits_best() -> None:
    found = fits(
        "sunset on beaches",
        lora("beach_sunset"),
        lora("sunsetCity-v2"),
        lora("misty_forest"),
        lora("golden_hour", tags=("sunset",)),
    )
    assert sorted(found, key=lambda name: -found[name]) == [
        "beach_sunset",
        "sunsetCity-v2",
        "golden_hour",
    ]
    assert found["beach_sunset"] > 0.7


def test_a_lora_of_another_or_of_unknown_family_never_fits() -> None:
    assert fits("beach", lora("beach_a", "sdxl"), lora("beach_b", None)) == {}


def test_a_trigger_phrase_speaks_for_a_lora() -> None:
    found = fits("a neonpunk alley", lora("np_v3", triggers=("neonpunk",)), lora("other"))
    assert list(found) == ["np_v3"]
    assert found["np_v3"] > 0.7


def test_a_trigger_that_many_share_says_little() -> None:
    crowd = [lora(f"hero{letter}", triggers=("kimono",)) for letter in "abcdefgh"]
    alone = fits("kimono", crowd[0], *(lora(f"other{letter}") for letter in "abcdefg"))
    shared = fits("kimono", *crowd)
    assert max(shared.values(), default=0) < 0.5 < alone["heroa"]


def test_a_generic_word_speaks_for_no_lora() -> None:
    assert fits("a girl", lora("alice", triggers=("girl",), tags=("1girl", "solo"))) == {}


def test_a_describing_word_alone_speaks_for_no_lora() -> None:
    assert fits("red dragon", lora("red_dress"), lora("misty_forest")) == {}


def test_a_prompt_without_keywords_fits_nothing() -> None:
    assert fits("masterpiece, 8k", lora("masterpiece_8k")) == {}


words = st.sampled_from(["beach", "sunset", "forest", "misty", "neon", "city", "girl", "ink"])
names = st.lists(words, min_size=1, max_size=3).map("_".join)
records = st.builds(
    lambda name, family, tags: lora(name, family, triggers=tuple(tags[:1]), tags=tuple(tags)),
    names,
    st.sampled_from(["sd15", "sdxl", None]),
    st.lists(words, max_size=5),
)


@given(st.lists(words, max_size=5), st.lists(records, max_size=8))
def test_relevance_is_a_share_and_only_the_right_family_has_any(
    prompt: list[str], loras: list[ModelRecord]
) -> None:
    library = {record.name: record for record in loras}
    for name, fit in lora_relevance(keywords(", ".join(prompt)), library, "sd15").items():
        assert MIN_RELEVANCE <= fit <= 1
        assert library[name].family == "sd15"


@given(st.lists(words, min_size=1, max_size=4), st.lists(records, min_size=1, max_size=6))
def test_saying_more_of_a_loras_name_never_makes_it_fit_less(
    prompt: list[str], loras: list[ModelRecord]
) -> None:
    library = {record.name: record for record in loras}
    before = lora_relevance(prompt, library, "sd15")
    for name, fit in before.items():
        said = [*prompt, *name.removesuffix(".safetensors").split("_")]
        assert lora_relevance(said, library, "sd15").get(name, 0) >= fit - 1e-9


def test_a_word_thousands_of_loras_share_hardly_speaks_for_one() -> None:
    library = {
        name: lora(name, triggers=(f"trigger{number}",), tags=("tree", "sky", f"tag {number}"))
        for number in range(5_000)
        for name in [f"style_{number}_ink"]
    }
    fits = lora_relevance(("ink", "tree"), library, "sd15")
    assert len(fits) == 0 or max(fits.values()) < 0.5
