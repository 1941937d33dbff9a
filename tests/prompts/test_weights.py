from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.prompts import parse
from vibes.prompts.weights import Break, Choice, Lora, Schedule, Text, Weighted
from vibes.recipes import LoraUse

# Text made of the language's own pieces reaches far more of the parser than random letters do.
PIECES = [
    *"()[]{}|:,\\ <>\n",
    *("BREAK", "AND", ":1.2)", ": .5 )", "<lora:", "<lora:a b:0.7>", "<lora:x:1:0.5>", "<lora:y>"),
    *("red dragon", "a", "0.5", "é", "::", "\\("),
]
prompts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@given(prompts)
def test_rendering_what_was_parsed_gives_the_same_text(text: str) -> None:
    assert parse(text).render() == text


@given(prompts)
def test_no_lora_is_left_after_removing_them(text: str) -> None:
    assert parse(text).without_loras().loras == ()


@given(prompts)
def test_removing_loras_keeps_a_prompt_that_has_none(text: str) -> None:
    prompt = parse(text)
    if not prompt.loras:
        assert prompt.without_loras() == prompt


@given(prompts, st.integers(0, 2**32))
def test_choosing_is_repeatable_and_leaves_nothing_to_choose(text: str, seed: int) -> None:
    first, second = (parse(text).choose(np.random.default_rng(seed)) for _ in range(2))
    assert first == second
    if "|" not in text and "{" not in text:
        assert first.render() == text


@given(prompts)
def test_plain_words_contain_no_lora_tag_and_never_fail(text: str) -> None:
    assert isinstance(parse(text).plain(), str)


def test_round_brackets_raise_the_weight_and_square_ones_lower_it() -> None:
    raised, _, lowered, _, set_to = parse("(a) [b] (c:0.4)").nodes
    assert isinstance(raised, Weighted)
    assert isinstance(lowered, Weighted)
    assert isinstance(set_to, Weighted)
    assert raised.weight == pytest.approx(1.1)
    assert lowered.weight == pytest.approx(1 / 1.1)
    assert set_to.weight == pytest.approx(0.4)
    assert set_to.children == (Text("c"),)


def test_the_encoder_gets_square_brackets_as_a_weight_it_knows() -> None:
    assert parse("a [dim] (bright:1.2) room").for_encoder() == "a (dim:0.909) (bright:1.2) room"
    assert parse("([deep] x)").for_encoder() == "((deep:0.909) x)"
    assert parse("[a:b:0.5] and [odd").for_encoder() == "[a:b:0.5] and [odd"


def test_nested_brackets_nest() -> None:
    (outer,) = parse("((red) dragon:1.3)").nodes
    assert isinstance(outer, Weighted)
    assert outer.children == (Weighted("(", (Text("red"),), ")"), Text(" dragon"))


def test_prompt_editing_and_alternation_are_kept_as_they_are() -> None:
    for text in ("[day:night:0.5]", "[fog:10]", "[cow|horse]"):
        (node,) = parse(text).nodes
        assert isinstance(node, Schedule)


def test_break_and_and_divide_only_as_whole_upper_case_words() -> None:
    kinds = [type(node) for node in parse("a BREAK b AND c BREAKFAST and d").nodes]
    assert kinds == [Text, Break, Text, Break, Text]


@pytest.mark.parametrize(
    ("tag", "use", "clip_strength"),
    [
        ("<lora:film_grain:0.7>", LoraUse("film_grain", 0.7), 0.7),
        ("<lora:styles/film grain (v2):0.7:0.5>", LoraUse("styles/film grain (v2)", 0.7), 0.5),
        ("<lora:film_grain>", LoraUse("film_grain", 1.0), 1.0),
        ("<lora:film_grain:-.5>", LoraUse("film_grain", -0.5), -0.5),
    ],
)
def test_lora_tags_name_a_lora_and_its_strengths(
    tag: str, use: LoraUse, clip_strength: float
) -> None:
    assert parse(f"(a {tag}:1.2)").loras == (use,)
    assert parse(tag).nodes == (Lora(tag, use, clip_strength),)


@pytest.mark.parametrize(
    "text",
    [
        *("(a", "a)", "[a)", "{a]", "((a]", "(a:high", "<lora:>", "<lora:x:high>"),
        *("<lora:x:99999>", "\\(a\\)", "\\{a|b\\}", "\\<lora:x:1>", "a|b", ":)", "\\"),
    ],
)
def test_what_is_not_the_language_is_plain_text(text: str) -> None:
    assert all(isinstance(node, Text) for node in parse(text).nodes)


def test_a_bracket_without_partner_does_not_spoil_the_others() -> None:
    assert parse("(a [b (c) d").nodes == (
        Text("(a [b "),
        Weighted("(", (Text("c"),), ")"),
        Text(" d"),
    )
    (node,) = parse("(a [b:1.2)").nodes
    assert isinstance(node, Weighted)
    assert node.children == (Text("a [b"),)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a, <lora:x:1>, b", "a, b"),
        ("a <lora:x:1> b", "a b"),
        ("a, <lora:x:1> b", "a, b"),
        ("a,<lora:x:1>,b", "a,b"),
        ("<lora:x:1>, a", "a"),
        ("a, <lora:x:1>", "a"),
        ("<lora:x:1><lora:y:1>", ""),
        ("a, <lora:x:1> <lora:y:1>, <lora:z:1> b", "a, b"),
        ("(a, <lora:x:1>:1.2), b", "(a:1.2), b"),
        ("{<lora:x:1> a|b <lora:y:1>}", "{a|b}"),
        ("a\n<lora:x:1>\nb", "a\nb"),
        ("a,  b <lora:x:1>", "a,  b"),
        ("<lo<lora:x:1>ra:y:1>", ""),
    ],
)
def test_removed_loras_leave_no_commas_and_spaces_behind(text: str, left: str) -> None:
    assert parse(text).without_loras().render() == left


def test_every_option_is_chosen_about_equally_often() -> None:
    rng = np.random.default_rng(7)
    prompt = parse("{red|green|{blue}} ball")
    chosen = [prompt.choose(rng).render() for _ in range(600)]
    assert set(chosen) == {"red ball", "green ball", "blue ball"}
    assert all(150 < chosen.count(text) < 250 for text in set(chosen))


def test_only_the_chosen_option_brings_its_lora() -> None:
    prompt = parse("a {<lora:x:1>|<lora:y:1>}")
    assert len(prompt.loras) == 2
    assert len(prompt.choose(np.random.default_rng(0)).loras) == 1


def test_a_choice_inside_weights_is_chosen_too() -> None:
    prompt = parse("({a|a}:1.2) [{b|b}:c:0.5]")
    assert prompt.choose(np.random.default_rng(0)).render() == "(a:1.2) [b:c:0.5]"


def test_an_empty_option_may_be_chosen() -> None:
    (node,) = parse("{|}").nodes
    assert node == Choice(((), ()))
    assert parse("{|}").choose(np.random.default_rng(0)).render() == ""


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("((red) dragon:1.3)", "red dragon"),
        ("photo(graphic)", "photographic"),
        ("\\(smile\\)", "(smile)"),
        ("a <lora:x:1>b", "a b"),
        ("{cat|dog}", "cat,dog"),
        ("[day:night:0.5]", ",day,night,,"),
        ("a BREAK b", "a , b"),
    ],
)
def test_plain_words_are_free_of_syntax(text: str, plain: str) -> None:
    assert parse(text).plain() == plain


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 10_000 + "x" + ")" * 10_000, "(" * 10_000, "{a|" * 10_000 + "}" * 10_000),
        *("([{" * 5_000 + ")" * 5_000, "<lora:x:1>" * 3_000, "<lora:" * 10_000),
        *(":" * 10_000 + " " * 10_000, "\\" * 10_001, "[a:" * 10_000 + "]" * 10_000),
    ],
    ids=lambda text: f"{text[:6]}…",
)
def test_monstrous_prompts_are_read_without_recursing_too_deep(text: str) -> None:
    prompt = parse(text)
    assert prompt.render() == text
    assert prompt == parse(text)
    assert isinstance(hash(prompt), int)
    prompt.plain()
    prompt.without_loras()
    prompt.choose(np.random.default_rng(0))
