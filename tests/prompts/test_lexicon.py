from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from vibes.errors import ConfigError
from vibes.prompts import Lexicon, english, keywords, load_lexicon

EMPTY = {field.name: "" for field in fields(Lexicon)} | {"lemmas": {}}


def write(folder: Path, content: object) -> Path:
    path = folder / "lexicon.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return path


def test_a_lexicon_of_ones_own_changes_the_terms(tmp_path: Path) -> None:
    path = write(tmp_path, EMPTY | {"stop_words": "der, die", "lemmas": {"berg": "berge"}})
    assert keywords("die Berge", load_lexicon(path)) == ("berg",)


def test_no_entry_of_the_shipped_lexicon_contradicts_another() -> None:
    lexicon = english()
    assert not lexicon.stop_words & lexicon.quality
    assert not lexicon.stop_words & lexicon.modifiers
    assert not lexicon.modifiers & lexicon.nouns
    assert not lexicon.fillers & lexicon.quality


def test_base_forms_are_their_own_base_form() -> None:
    lexicon = english()
    assert {base: lexicon.lemma(base) for base in lexicon.lemmas.values()} == {
        base: base for base in lexicon.lemmas.values()
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("stop_words: [", "not valid YAML"),
        ("just words", "exactly the keys"),
        ({"stop_words": "a"}, "exactly the keys"),
        (EMPTY | {"quality": ["best"]}, "'quality' is one string"),
        (EMPTY | {"lemmas": "wolf"}, "'lemmas' maps"),
    ],
)
def test_a_wrong_file_is_refused_with_its_path(
    tmp_path: Path, content: object, sentence: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ConfigError, match=sentence) as refused:
        load_lexicon(path)
    assert refused.value.path == path


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_lexicon(tmp_path / "none.yaml")
