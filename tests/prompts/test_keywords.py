from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.prompts import keywords, parse
from vibes.prompts.keywords import MAX_KEYWORDS, MAX_LETTERS, MAX_WORDS


@pytest.mark.parametrize(
    ("prompt", "terms"),
    [
        ("sunset on a beach", ["sunset", "beach"]),
        ("misty forest", ["misty forest", "forest"]),
        ("oil painting of wolves", ["oil painting", "oil", "painting", "wolf"]),
        ("a city street at night", ["city street", "city", "street", "night"]),
        ("red dragon flying over the sea", ["red dragon", "dragon", "sea"]),
        ("in the style of Van Gogh", ["van gogh"]),
        ("anime style", ["anime"]),
        ("film noir, black-and-white", ["film noir", "black and white"]),
        ("", []),
        ("the of and, . !", []),
        ("城市, 夜景, （森）", ["城市", "夜景", "森"]),
    ],
)
def test_nouns_and_styles_become_terms(prompt: str, terms: list[str]) -> None:
    assert list(keywords(prompt)) == terms


@pytest.mark.parametrize(
    "praise",
    [
        *("masterpiece", "best quality", "8k uhd", "highly detailed", "(sharp focus:1.4)"),
        *("trending on ArtStation", "award-winning", "ultra_detailed", "<lora:film_grain:0.7>"),
    ],
)
def test_praise_and_syntax_leave_no_trace(praise: str) -> None:
    assert keywords(f"{praise}, castle, {praise}") == ("castle",)


def test_a_word_of_praise_inside_another_phrase_is_kept_as_that_phrase() -> None:
    assert keywords("high heels") == ("high heels",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mountains", "mountain"),
        ("wolves", "wolf"),
        ("cities", "city"),
        ("movies", "movie"),
        ("dresses", "dress"),
        ("boxes", "box"),
        ("women", "woman"),
        ("watercolour", "watercolor"),
        ("sci-fi", "science fiction"),
        ("close-up", "closeup"),
        ("cherry blossoms", "Cherry Blossom"),
        ("long_hair", "long hair"),
        ("dragon's lair", "Dragon lair"),
        ("1girl", "girls"),
    ],
)
def test_spellings_and_plurals_of_one_thing_share_their_terms(one: str, other: str) -> None:
    assert keywords(one) == keywords(other)


@pytest.mark.parametrize("word", ["lens", "glass", "canvas", "cactus", "tennis", "series", "jeans"])
def test_words_that_only_look_plural_stay(word: str) -> None:
    assert keywords(word) == (word,)


def test_what_must_not_be_shown_is_no_term() -> None:
    assert keywords("empty beach, no people at all, sunset") == ("empty beach", "beach", "sunset")


def test_options_and_schedules_are_terms_of_their_own() -> None:
    terms = keywords("{cat|dog}, [day:night:0.5], owl AND fox")
    assert terms == ("cat", "dog", "day", "night", "owl", "fox")


def test_a_parsed_prompt_has_the_terms_of_its_text() -> None:
    text = "(red dragon:1.3), {cat|dog}"
    assert keywords(parse(text)) == keywords(text)


def test_long_prompts_keep_their_first_terms() -> None:
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" * 2]
    terms = keywords(", ".join(words))
    assert len(terms) == MAX_KEYWORDS
    assert terms[0] == "worda"


@given(st.text())
def test_terms_are_unique_short_and_normalised(text: str) -> None:
    terms = keywords(text)
    assert len(set(terms)) == len(terms) <= MAX_KEYWORDS
    for term in terms:
        assert term == " ".join(term.split()) != ""
        assert all(len(word) <= MAX_LETTERS for word in term.split())


words = st.sampled_from(["forest", "beach", "misty", "red", "dragon", "wolf", "neon", "painting"])


@given(st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), max_size=5))
def test_the_terms_of_terms_are_among_the_terms(chunks: list[str]) -> None:
    terms = keywords(", ".join(chunks))
    for term in terms:
        assert len(term.split()) <= MAX_WORDS
        assert keywords(term)[0] == term


@given(st.lists(words, min_size=1, max_size=5).map(" ".join))
def test_case_and_weights_do_not_matter(text: str) -> None:
    assert keywords(text) == keywords(f"({text.upper()}:1.2)")
