from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recommend.samples import library, lora
from vibes.prompts import parse
from vibes.recommend import with_triggers, without_triggers, words_to_add


def test_the_first_distinctive_trigger_is_added() -> None:
    record = lora("x", triggers=("1girl", "masterpiece", "neonpunk style", "np"))
    assert words_to_add("a street at night", record) == ("neonpunk style",)


@pytest.mark.parametrize(
    "prompt", ["a neonpunk style street", "street, NEONPUNK Styles", "np street"]
)
def test_nothing_is_added_where_the_prompt_says_a_trigger(prompt: str) -> None:
    assert words_to_add(prompt, lora("x", triggers=("neonpunk style", "np"))) == ()


def test_a_trigger_is_said_only_as_a_whole() -> None:
    record = lora("x", triggers=("paper craft",))
    assert words_to_add("paper boats", record) == ("paper craft",)


def test_plain_words_that_nobody_asked_for_are_not_added() -> None:
    assert words_to_add("a dramatic sky", lora("x", triggers=("aurora sky",))) == ()
    assert words_to_add("a dramatic sky", lora("x", triggers=("ohwx sky",))) == ("ohwx sky",)
    assert words_to_add("a portrait", lora("x", triggers=("beach", "bchsnst"))) == ("bchsnst",)


def test_a_trigger_that_many_loras_share_is_not_added() -> None:
    crowd = [lora(f"hero{letter}", triggers=("ohwx",)) for letter in "abcdef"]
    shared = library(*crowd).shared_triggers
    assert words_to_add("a hero", crowd[0], shared=shared) == ()
    assert words_to_add("a hero", crowd[0]) == ("ohwx",)


@pytest.mark.parametrize(
    "trigger", ["<lora:other:1>", "{a|b}", "embedding:bad", "x" * 61, "girl", "style", "", "[x]"]
)
def test_what_means_something_else_to_the_encoder_is_not_added(trigger: str) -> None:
    assert words_to_add("a street", lora("x", triggers=(trigger,))) == ()


def test_triggers_stand_at_the_end_with_their_brackets_escaped() -> None:
    assert with_triggers("a cat,", ["saber (fate)", "np"]) == r"a cat, saber \(fate\), np"
    assert with_triggers("", ["np"]) == "np"
    assert with_triggers("a cat", []) == "a cat"


@given(st.text(alphabet="ab ()", min_size=1, max_size=20))
def test_an_added_trigger_reaches_the_encoder_as_it_is(trigger: str) -> None:
    said = parse(with_triggers("a cat", [trigger])).plain()
    assert said == f"a cat, {trigger}"


@given(st.lists(st.text(alphabet="ab (),", min_size=1, max_size=9).filter(str.strip), max_size=3))
def test_what_was_added_can_be_taken_off_again(triggers: list[str]) -> None:
    assert without_triggers(with_triggers("a cat, a dog", triggers), triggers) == "a cat, a dog"
