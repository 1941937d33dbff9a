"""Requirements: what a prompt asks for, bound to its nouns, and what else could be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import ConfigError
from vibes.prompts.concepts import concept_lexicon
from vibes.prompts.synonyms import shipped_synonyms
from vibes.scoring.alternatives import FEWEST, MOST
from vibes.scoring.alternatives_lexicon import alternatives, entry
from vibes.scoring.asked import plain_prompt
from vibes.scoring.requirements import MAX_REQUIREMENTS, Requirement, requirements

from .grids import PATIENT


def asked(prompt: str) -> dict[str, str]:
    """Text to slot."""
    return {item.text: item.slot for item in requirements(prompt)}


def one(prompt: str, text: str) -> Requirement:
    return next(item for item in requirements(prompt) if item.text == text)


def test_a_prompt_is_split_by_slot():
    assert asked("a red boat on a beach at sunset in the rain, oil painting, close-up") == {
        "a red boat": "colour",
        "a boat": "subject",
        "on a beach": "place",
        "at sunset": "time",
        "in the rain": "weather",
        "an oil painting": "medium",
        "a close up": "camera",
    }


def test_a_colour_is_asked_for_on_its_noun_and_contrasted_on_the_same_noun():
    blue = one("a red house beside a blue boat", "a blue boat")
    assert "a red boat" in blue.alternatives
    assert all(text.endswith(" boat") for text in blue.alternatives)


def test_a_subject_is_contrasted_with_its_kind_and_with_strangers():
    cat = one("a cat", "a cat").alternatives
    assert {"a dog", "a horse", "a woman"} <= {*cat}


def test_black_and_white_is_a_colour_of_a_thing_or_of_the_picture():
    assert "a red cat" in one("a black and white cat", "a black and white cat").alternatives
    assert "a sepia picture" not in one("cat, monochrome", "a black and white picture").alternatives
    assert asked("black and white")["a black and white picture"] == "colour"


def test_what_the_prompt_asks_for_as_well_is_no_alternative():
    assert "a dog" not in one("a cat and a dog", "a cat").alternatives
    assert "a blue boat" not in one("a red and blue boat", "a red boat").alternatives


def test_a_prompt_that_says_everything_still_has_contrasts():
    hues = " and ".join(sorted(entry.key for entry in alternatives().groups["colour"]["hue"]))
    red = one(f"a {hues} boat", "a red boat")
    assert len(red.alternatives) == FEWEST
    assert all(text.endswith(" boat") for text in red.alternatives)


def test_a_general_word_is_not_contrasted_with_what_it_may_mean():
    assert not {"a dog", "a cat", "a horse"} & {*one("an animal", "an animal").alternatives}


def test_counts_go_from_one_to_six():
    assert one("two cats", "two cats").alternatives[:2] == ("one cat", "three cats")
    assert asked("2girls, park") == {
        "a girl": "subject",
        "two girls": "count",
        "in a park": "place",
    }


def test_clothing_hair_and_actions_belong_to_somebody():
    found = asked("a woman dancing, green hair, wearing a white kimono")
    assert found["a woman dancing"] == "action"
    assert found["with green hair"] == "look"
    assert found["a white kimono"] == "colour"
    assert found["wearing a kimono"] == "clothing"


def test_a_word_is_no_alternative_to_another_form_of_itself():
    assert "in the mountains" not in one("a mountain road", "in the mountains").alternatives
    assert "with blue eyes" not in one("blue eyes", "with blue eyes").alternatives


def test_a_word_like_a_listed_one_stands_in_its_phrase_where_that_is_english():
    found = asked("a town at dusk, bokeh, brunette, a starry sky, looking at viewer")
    assert {*found} == {
        "a town",
        "at dusk",
        "a blurred background",
        "with brown hair",
        "a starry sky",
        "seen from the front",
    }


def test_a_word_of_no_list_is_a_thing_contrasted_with_other_things():
    samovar = one("a copper samovar", "a samovar")
    assert samovar.slot == "other"
    assert "a car" in samovar.alternatives
    assert "a red samovar" in one("a copper samovar", "a copper samovar").alternatives


def test_names_keep_their_article_and_artists_their_style():
    found = asked("the eiffel tower by greg rutkowski")
    assert "the eiffel tower" in found
    assert found["in the style of greg rutkowski"] == "style"
    assert "a white background" in asked("white background")


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "masterpiece, best quality, 8k, (highly detailed:1.3)",
        "no people",
        "35mm, dslr",
        "(cat:0)",
    ],
)
def test_praise_lenses_and_what_is_not_wanted_demand_nothing(prompt: str):
    assert requirements(prompt) == ()


def test_weights_break_and_schedules_are_read_and_open_choices_are_not():
    assert asked("(a cat:1.2) BREAK [dog:horse:0.5], {owl|fox}, {a bear}").keys() == {
        "a cat",
        "a dog",
        "a horse",
        "a bear",
    }
    assert "embedding" not in plain_prompt("a cat, embedding:easynegative")


def test_a_long_prompt_asks_for_something_of_each_slot_before_a_second_thing():
    colours = ", ".join(f"red {noun}" for noun in ("car", "boat", "cat", "dog", "bus", "ball"))
    found = requirements(f"{colours}, forest, oil painting, sunset")
    assert len(found) == MAX_REQUIREMENTS
    assert {"place", "medium", "time"} <= {item.slot for item in found[:5]}


def test_a_value_of_a_variation_is_contrasted_with_the_other_values():
    values = {"hue": ["red", "blue", "green", "black"], "where": ["on a beach", "in a forest"]}
    hue, where, boat = requirements("a blue boat on a beach", variations=values)
    assert hue == Requirement(
        "a blue boat", "hue", ("a red boat", "a green boat", "a black boat"), "variation"
    )
    assert where.alternatives[0] == "in a forest"
    assert len(where.alternatives) == FEWEST
    assert boat.text == "a boat"


def test_the_longest_value_that_stands_in_the_prompt_counts():
    values = {"animal": ["fox", "red fox", "wolf", ""]}
    (animal, *_) = requirements("a red fox sleeping", variations=values)
    assert animal.text == "a red fox sleeping"
    assert animal.alternatives[:2] == ("a fox sleeping", "a wolf sleeping")


def test_a_value_with_commas_stands_as_it_is_and_a_missing_one_is_no_requirement():
    values = {"mood": ["night, neon rain", "day, sunshine"], "gone": ["zebra"]}
    (mood, *_) = requirements("a car, night, neon rain", variations=values)
    assert (mood.text, mood.slot) == ("night, neon rain", "mood")
    assert mood.alternatives[0] == "day, sunshine"
    assert all(item.slot != "gone" for item in requirements("a cat", variations=values))


def test_a_synonym_among_the_values_is_no_alternative():
    (time, *_) = requirements("a cat at dusk", variations={"time": ["dusk", "sunset", "night"]})
    assert "sunset" not in " ".join(time.alternatives)


def own(folder: Path, text: str) -> Path:
    (folder / "alternatives.yaml").write_text(text, encoding="utf-8")
    return folder


def test_own_alternatives_come_first_and_may_form_a_group_of_their_own(tmp_path: Path):
    folder = own(tmp_path, "subject:\n  kettle: a samovar, a kettle, a coffee pot, a thermos\n")
    (samovar,) = requirements("a samovar", folder=folder)
    assert samovar.slot == "subject"
    assert samovar.alternatives[:3] == ("a kettle", "a coffee pot", "a thermos")


def test_an_own_entry_moves_what_is_shipped(tmp_path: Path):
    folder = own(tmp_path, "place:\n  building: a clock\n")
    (clock,) = requirements("a clock", folder=folder)
    assert clock.slot == "place"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("subjects:\n  a: a cat\n", 1, "no section 'subjects'; did you mean 'subject'"),
        ("zzz:\n  a: a cat\n", 1, "there are subject, place"),
        ("subject: a cat\n", 1, "maps names to words"),
        ("subject:\n  animal: a cat\n  thing: 7\n", 3, "The words of 'thing' are one text"),
        ("subject:\n  one: a cat\n  two: the cat\n", 3, "'cat' stands under 'subject/one'"),
        ("subject: [\n", 2, "this is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str):
    with pytest.raises(ConfigError, match=message) as refused:
        requirements("a cat", folder=own(tmp_path, text))
    assert refused.value.line == line


WORDS = sorted(
    {e.key for groups in alternatives().groups.values() for g in groups.values() for e in g}
    | {*concept_lexicon().categories.groups, *concept_lexicon().subjects.groups}
    | {"a", "the", "two", "and", "in", "with", "no", "samovar", "juggling", "(", ":1.2)", "BREAK"}
)
PROMPTS = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from((" ", ", ", " and "))), max_size=14
).map(lambda parts: "".join(word + gap for word, gap in parts))


@PATIENT
@given(PROMPTS | st.text(max_size=60))
def test_any_prompt_has_few_requirements_with_enough_alternatives_each(prompt: str):
    found = requirements(prompt)
    assert len(found) <= MAX_REQUIREMENTS
    assert found == requirements(prompt)
    for item in found:
        assert FEWEST <= len(item.alternatives) <= MOST
        assert len({*item.alternatives}) == len(item.alternatives)
        assert item.text not in item.alternatives
        assert item.text == item.text.strip() != ""


@PATIENT
@given(PROMPTS)
def test_no_alternative_is_a_synonym_of_the_requirement(prompt: str):
    for item in requirements(prompt):
        own = entry(item.text).base
        others = {entry(text).base for text in item.alternatives}
        assert not others & {own, *shipped_synonyms().get(own, ())}


@PATIENT
@given(PROMPTS, st.sampled_from(("<lora:style:0.8>", "<lora:a_b:1:0.5>")))
def test_a_lora_tag_changes_nothing(prompt: str, tag: str):
    assert requirements(f"{tag}, {prompt}, {tag}") == requirements(prompt)


@PATIENT
@given(PROMPTS, st.lists(st.sampled_from(WORDS), min_size=1, max_size=12))
def test_variations_keep_every_promise(prompt: str, values: list[str]):
    prompt = f"{values[0]}, {prompt}"
    for item in requirements(prompt, variations={"slot": values}):
        assert FEWEST <= len(item.alternatives) <= MOST
        assert item.text not in item.alternatives
        assert (item.origin == "variation") == (item.slot == "slot")
