from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comfy_nodes import choices
from comfy_nodes.analysis import analysis_of, report
from vibes.errors import ConfigError

PROMPT = "a portrait photo of a woman at sunset, no cars, (warm light:1.2)"


@pytest.fixture
def own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the user's own concepts; the settings are read anew with it."""
    monkeypatch.setenv("VIBES_LEXICONS", str(tmp_path))
    choices.settings.cache_clear()
    yield tmp_path / "concepts.yaml"
    choices.settings.cache_clear()


def test_every_finding_has_a_line_with_the_words_behind_it() -> None:
    lines = report(analysis_of(PROMPT)).splitlines()
    assert "Style: photo (by: portrait photo)" in lines
    assert "About lighting: sunset, warm light" in lines
    assert "Shape: none in particular" in lines
    assert any(line.startswith("Complexity: simple, 0.") for line in lines)
    assert not any("cars" in line for line in lines)


def test_a_prompt_that_says_nothing_is_reported_as_such() -> None:
    lines = report(analysis_of("")).splitlines()
    assert lines[:2] == ["Keywords: none", "Style: none in particular"]


def test_words_of_the_user_s_own_count(own_words: Path) -> None:
    own_words.write_text("styles:\n  painting: zorngrams\n")
    assert analysis_of("zorngrams of a lake").style == "painting"


def test_a_faulty_list_of_own_words_is_named(own_words: Path) -> None:
    own_words.write_text("styles:\n  paintings: zorngrams\n")
    with pytest.raises(ConfigError, match=r"concepts\.yaml:2.*painting"):
        analysis_of("a lake")
