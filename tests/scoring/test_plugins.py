from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from vibes.errors import ScoringUnavailable
from vibes.scoring.plugins import load_plugins, offered
from vibes.scoring.vision import NullAnalyzer

BRIGHTNESS = """
from PIL import ImageStat
class Brightness:
    version = "1"
    licence = "MIT"
    def score(self, pictures, prompts):
        return [ImageStat.Stat(picture.convert("L")).mean[0] for picture in pictures]
class Unlicensed(Brightness):
    licence = ""
class Lazy(Brightness):
    def score(self, pictures, prompts):
        return []
class Failing(Brightness):
    def score(self, pictures, prompts):
        raise RuntimeError("out of paint")
"""
POINTS = """
[vibes.scorers]
brightness = brightness_scorers:Brightness
unlicensed = brightness_scorers:Unlicensed
lazy = brightness_scorers:Lazy
failing = brightness_scorers:Failing
broken = brightness_scorers:Nothing
"""
PICTURES = [Image.new("RGB", (8, 8), colour) for colour in ("black", "white")]


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that offers scorers, as pip would have put it there."""
    (tmp_path / "brightness_scorers.py").write_text(BRIGHTNESS)
    about = tmp_path / "brightness_scorers-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: brightness-scorers\nVersion: 1\n")
    (about / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_an_installed_scorer_is_found_by_name_and_scores_each_picture() -> None:
    assert "brightness" in offered()
    [plugin] = load_plugins(["brightness"])
    assert plugin.score(PICTURES, ["night", "snow"]) == [0, 255]


def test_none_is_used_that_was_not_asked_for() -> None:
    assert load_plugins([]) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("aesthetics", r"no scorer 'aesthetics': installed are .*brightness"),
        ("unlicensed", "does not say its licence"),
        ("broken", "'broken' does not load"),
    ],
)
def test_one_that_cannot_be_used_says_why(name: str, sentence: str) -> None:
    with pytest.raises(ScoringUnavailable, match=sentence):
        load_plugins([name])


@pytest.mark.parametrize(
    ("name", "sentence"), [("lazy", "one finite number"), ("failing", "out of paint")]
)
def test_one_that_fails_is_named(name: str, sentence: str) -> None:
    [plugin] = load_plugins([name])
    with pytest.raises(ScoringUnavailable, match=sentence):
        plugin.score(PICTURES, ["night", "snow"])


def test_without_a_vision_model_nothing_is_described_and_no_question_answered() -> None:
    assert NullAnalyzer().describe(PICTURES[0]) is None
    assert NullAnalyzer().answer(PICTURES[0], "Is it night?") is None
