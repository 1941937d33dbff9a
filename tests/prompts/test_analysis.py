"""What the rules say about prompts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.prompts import analyse, concept_lexicon, keywords, parse

TAGS = (
    "masterpiece, best quality, 1girl, long hair, blue eyes, school uniform, smile,"
    " cherry blossoms, (detailed background:1.2), looking at viewer <lora:ghibli:0.7>"
)
SENTENCE = (
    "portrait of a woman in a red dress, standing on a beach at sunset, golden hour, 85mm,"
    " bokeh, film grain"
)
BATTLE = (
    "epic fantasy battle scene, armored knights fighting a dragon above a burning castle,"
    " thunderstorm, volumetric lighting, dramatic low angle, highly detailed, intricate armor,"
    " crimson cape, golden crown, smoke and embers, matte painting, vivid colors,"
    " (epic composition:1.3), <lora:dragon:0.8>, wide angle, chaotic mood, 8k"
)
words = st.sampled_from(sorted(concept_lexicon().categories.groups))
prompts = st.lists(words | st.text(max_size=12), max_size=12).map(", ".join) | st.text(max_size=60)


def test_words_are_sorted_into_concepts():
    analysis = analyse(SENTENCE)
    assert analysis.keywords == keywords(SENTENCE)
    assert analysis.concepts == {
        "character": ("woman",),
        "scene": ("beach",),
        "lighting": ("sunset", "golden hour"),
        "camera": ("portrait", "85mm", "bokeh", "film grain"),
        "colour": ("red",),
        "clothing": ("dress",),
        "action": ("standing",),
    }


def test_a_word_of_no_category_stays_a_keyword_only():
    analysis = analyse("a quokka on a beach")
    assert "quokka" in analysis.keywords
    assert analysis.concepts == {"scene": ("beach",)}


@pytest.mark.parametrize(
    ("prompt", "style", "said"),
    [
        (SENTENCE, "photo", ("85mm", "bokeh", "film grain")),
        (TAGS, "anime", ("1girl",)),
        ("oil painting of a castle", "painting", ("oil painting",)),
        ("watercolour of a fox", "painting", ("watercolor",)),
        ("concept art of a knight, line art", "illustration", ("concept art", "line art")),
        ("octane render of a car", "3d", ("octane render",)),
        ("a girl on a beach", None, ()),
    ],
)
def test_the_style_is_the_one_with_most_words(prompt, style, said):
    analysis = analyse(prompt)
    assert (analysis.style, analysis.style_words) == (style, said)


@pytest.mark.parametrize(
    ("prompt", "content"),
    [
        (SENTENCE, "portrait"),
        ("full body portrait of a knight", "full_body"),
        ("portrait of a couple", "group"),
        ("two women walking in Tokyo", "group"),
        ("a woman with a cat in a forest", "portrait"),
        ("a cat in a forest", "animal"),
        ("a tiny man in a vast landscape", "scenery"),
        ("misty mountains with a castle", "scenery"),
        ("a castle on a mountain", "architecture"),
        ("interior design of a kitchen", "architecture"),
        ("product photo of a watch", "object"),
        ("abstract fractal pattern", "abstract"),
        ("hope", None),
    ],
)
def test_the_content_is_by_framing_then_by_living_subjects_then_by_what_is_said_first(
    prompt, content
):
    assert analyse(prompt).content == content


@pytest.mark.parametrize(
    ("prompt", "quality", "shape"),
    [
        ("rough sketch of a dog", "draft", None),
        ("a dog", "standard", None),
        ("masterpiece, a dog, 8k", "high", None),
        ("panorama of a valley", "standard", "wide"),
        ("full body of an elf", "standard", "tall"),
    ],
)
def test_quality_and_shape_are_by_their_words(prompt, quality, shape):
    analysis = analyse(prompt)
    assert (analysis.quality, analysis.shape) == (quality, shape)


def test_what_is_not_asked_for_leaves_no_trace():
    analysis = analyse("a lake without people or boats, no anime, photo")
    assert analysis.concepts == {"scene": ("lake",), "medium": ("photo",)}
    assert analysis.style == "photo"
    assert analysis.content == "scenery"


def test_an_empty_prompt_asks_for_nothing():
    analysis = analyse("")
    assert analysis.complexity.score == 0
    assert (analysis.concepts, analysis.style, analysis.content) == ({}, None, None)


@pytest.mark.parametrize(
    ("prompt", "level"),
    [
        ("a cat", "simple"),
        ("oil painting of a castle on a mountain", "simple"),
        (SENTENCE, "moderate"),
        (TAGS, "moderate"),
        (BATTLE, "complex"),
    ],
)
def test_complexity_has_three_levels(prompt, level):
    assert analyse(prompt).complexity.level == level


def test_weights_and_lora_tags_make_a_prompt_more_complex():
    plain, marked = analyse("a castle"), analyse("a (castle:1.2) [lake|sea] {a|<lora:x>}")
    assert plain.complexity.parts["weights"] == 0
    assert marked.complexity.parts["weights"] == pytest.approx(0.1 * 3 / 6)


@given(prompts)
def test_complexity_is_the_sum_of_its_parts(prompt: str):
    complexity = analyse(prompt).complexity
    assert 0 <= complexity.score <= 1
    assert complexity.score == pytest.approx(min(sum(complexity.parts.values()), 1))
    assert complexity.level == ("simple", "moderate", "complex")[min(int(complexity.score * 3), 2)]


@given(prompts, words)
def test_one_more_concept_never_makes_a_prompt_simpler(prompt: str, word: str):
    assert analyse(f"{prompt}, {word}").complexity.score >= analyse(prompt).complexity.score


@given(prompts)
def test_a_parsed_prompt_is_analysed_like_its_text(prompt: str):
    assert analyse(parse(prompt)) == analyse(prompt)


def test_an_analysis_is_no_wait_at_all():
    analyse(BATTLE)  # the lexicon is read once
    times = []
    for _ in range(20):
        start = time.process_time()
        analyse(BATTLE)
        times.append(time.process_time() - start)
    assert min(times) < 0.005  # it takes half a millisecond where nothing is being measured


def test_a_very_long_prompt_takes_no_longer_than_its_first_words():
    start = time.process_time()
    analyse("castle on a hill, " * 5000)
    assert time.process_time() - start < 0.5
