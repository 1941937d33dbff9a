"""The axes of styles and their word lists."""

from __future__ import annotations

import pytest

from vibes.errors import ConfigError
from vibes.prompts.lexicon import english
from vibes.prompts.styles import load_styles, said, styles


def test_the_shipped_axes_have_two_sides_that_share_no_word():
    assert len(styles()) >= 6
    for axis in styles():
        assert len(axis.left.words) >= 5
        assert len(axis.right.words) >= 5
        assert not axis.left.words & axis.right.words, axis.name


def test_every_shipped_word_can_be_found_in_a_text_that_says_it():
    for axis in styles():
        for side in (axis.left, axis.right):
            for word in side.words:
                assert word in said(f"a {word} here"), word


def test_a_word_is_found_as_a_whole_and_in_its_base_form():
    nature = next(axis.left for axis in styles() if axis.name == "setting")
    assert nature.words & said("Misty Forests, seaside") == {"forest"}


def test_a_text_says_its_words_and_its_short_phrases():
    assert said("Golden-Hour_light") == {
        "golden", "hour", english().lemma("light"), "golden hour", "hour light", "golden hour light"
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "look: {left: {name: a, words: b}}",
        "look: {left: {name: a}, right: {name: b, words: c}}",
        "look: {left: {name: a, words: [b]}, right: {name: b, words: c}}",
        "look: {",
    ],
)
def test_a_file_that_holds_no_axes_is_refused_by_its_path(tmp_path, text):
    path = tmp_path / "styles.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"styles\.yaml"):
        load_styles(path)


def test_a_missing_file_is_refused_by_its_path(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_styles(tmp_path / "none.yaml")
