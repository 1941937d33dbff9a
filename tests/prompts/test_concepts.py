"""The concept lexicon: what is shipped, how a user's own file extends it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from vibes.errors import ConfigError
from vibes.prompts import analyse, concept_lexicon, load_concepts
from vibes.prompts.analysis import CATEGORIES
from vibes.prompts.concepts import FILE, SECTIONS, Section, Segment
from vibes.settings import data_root

SHIPPED = data_root() / "config" / "lexicons" / FILE


def own(folder: Path, text: str) -> Path:
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_every_category_has_words_and_no_other_is_known():
    assert {*concept_lexicon().categories.groups.values()} == {*CATEGORIES}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_shipped_entry_is_found_in_a_prompt_that_is_made_of_it(section: str):
    known: Section = getattr(concept_lexicon(), section)
    for entry, group in known.groups.items():
        words = entry.split()
        (hit,) = known.hits(Segment(words, words))
        assert (hit.entry, hit.group, hit.size) == (entry, group, len(words))


def test_the_longest_entry_counts_and_words_are_found_by_their_base_form():
    said = analyse("oil paintings of old women, Golden-Hour, greyish grey").concepts
    assert said["medium"] == ("oil painting",)
    assert said["character"] == ("old woman",)
    assert said["lighting"] == ("golden hour",)
    assert said["colour"] == ("gray",)


def test_a_file_of_ones_own_adds_words_and_moves_shipped_ones(tmp_path):
    own(tmp_path, "categories:\n  scene: zorbfield, high heels\nstyles:\n  anime: neo deco\n")
    lexicon = concept_lexicon(tmp_path)
    analysis = analyse("a zorbfield with high heels, neo deco, a red dress", lexicon)
    assert analysis.concepts["scene"] == ("zorbfield", "high heels")
    assert analysis.concepts["clothing"] == ("dress",)
    assert analysis.concepts["style"] == ("neo deco",)
    assert analysis.style == "anime"


def test_a_folder_without_such_a_file_adds_nothing(tmp_path):
    assert concept_lexicon(tmp_path) == concept_lexicon()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("categorys: {}", r"concepts\.yaml:1: There is no section 'categorys'; did you mean"),
        ("categories:\n  lightning: ray", r":2: .*'lightning'; did you mean 'lighting'\?"),
        ("categories: [a]", r":1: 'categories' maps names to words"),
        ("styles:\n  photo: [a, b]", r":2: The words of 'photo' are one text"),
        (
            "subjects:\n  animal: yeti\n  object: a, yeti",
            r":3: 'yeti' stands under 'animal' and under 'object'",
        ),
        ("styles:\n  photo: a\n  photo: b", r":3: 'photo' was already given on line 2"),
        ("styles: {", r":1: this is not YAML"),
        ("- photo", "a table of settings is expected"),
    ],
)
def test_a_wrong_file_of_ones_own_is_refused_by_its_line(tmp_path, text: str, message: str):
    with pytest.raises(ConfigError, match=message):
        load_concepts(SHIPPED, own(tmp_path, text))


def test_a_main_file_that_lacks_a_section_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="section 'styles' is missing"):
        load_concepts(own(tmp_path, "categories:\n  scene: beach\n"))
