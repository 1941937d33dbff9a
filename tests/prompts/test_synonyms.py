from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import ConfigError
from vibes.prompts.synonyms import load_synonyms, shipped_synonyms, with_own_synonyms


def write(folder: Path, text: str) -> Path:
    path = folder / "synonyms.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_words_of_a_line_stand_for_each_other_in_base_form(tmp_path: Path) -> None:
    found = load_synonyms(write(tmp_path, "dusk: Sunsets, golden hour\n"))
    assert found["dusk"] == ("sunset", "golden hour")
    assert set(found["golden hour"]) == {"dusk", "sunset"}


def test_a_word_of_several_lines_has_the_synonyms_of_all(tmp_path: Path) -> None:
    found = load_synonyms(write(tmp_path, "dusk: sunset\nevening: dusk\n"))
    assert set(found["dusk"]) == {"sunset", "evening"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("dusk: sunset\ncat: 7\n", 2, "The synonyms of 'cat' are one text"),
        ("dusk: sunset\n\nforest: ','\n", 3, "The synonyms of 'forest' are one text"),
        ("1: one\n", 1, "The synonyms of '1' are one text"),
        ("dusk: [sunset\n", 2, "not valid YAML"),
        ("- dusk\n", None, "no mapping"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        load_synonyms(write(tmp_path, text))
    assert refused.value.line == line


def test_own_synonyms_come_on_top_of_the_shipped_ones(tmp_path: Path) -> None:
    assert with_own_synonyms(None) is shipped_synonyms()
    assert with_own_synonyms(tmp_path) is shipped_synonyms()
    write(tmp_path, "sunset: sundog\n")
    found = with_own_synonyms(tmp_path)
    assert found["sunset"] == ("sundog", *shipped_synonyms()["sunset"])
    assert found["sundog"] == ("sunset",)


@given(st.sampled_from(sorted(shipped_synonyms())))
def test_a_shipped_synonym_stands_for_what_stands_for_it(word: str) -> None:
    for other in shipped_synonyms()[word]:
        assert other != word
        assert word in shipped_synonyms()[other]
