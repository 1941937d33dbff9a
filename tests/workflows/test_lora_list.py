from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.recipes import LoraUse
from vibes.workflows import format_loras, parse_loras

names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]) | st.just(" "),
    min_size=1,
).filter(lambda name: name == name.strip() and name[0] not in ",:" and ":" not in name)
strengths = st.floats(-10, 10)


@given(st.lists(st.builds(LoraUse, names, strengths), unique_by=lambda use: use.name))
def test_parsing_inverts_formatting(uses: list[LoraUse]) -> None:
    assert parse_loras(format_loras(uses)) == tuple(uses)


def test_lines_separate_as_commas_do() -> None:
    text = " beach:0.7\nfilm, grainy.safetensors : .5,\n"
    assert parse_loras(text) == (
        LoraUse("beach", 0.7),
        LoraUse("film, grainy.safetensors", 0.5),
    )


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nothing_written_is_no_lora(text: str) -> None:
    assert parse_loras(text) == ()


@pytest.mark.parametrize("text", ["beach", "beach:", ":0.5", "beach:strong", "beach:0.5 film:0.5"])
def test_anything_else_is_refused_and_shown(text: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(text)):
        parse_loras(text)


def test_a_lora_listed_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'beach' is listed twice"):
        parse_loras("beach:0.5, beach:0.7")


def test_a_strength_beyond_numbers_is_refused() -> None:
    with pytest.raises(InvalidInput, match="too large"):
        parse_loras("beach:1e999")
