from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vibes.errors import ConfigError, ScoringUnavailable
from vibes.scoring.setup import build_for
from vibes.scoring.torch_modules import missing_modules
from vibes.scoring.weights import model_folder, scoring_state
from vibes.settings import Scoring, load_settings

from .hub import serving

needs_torch = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed here")
CONFIG = """
scoring: {model: tiny}
scoring_models:
  tiny: {architecture: tiny, repository: org/tiny, licence: MIT, megabytes: 1}
  gone: {architecture: tiny, repository: org/gone, licence: MIT, megabytes: 1}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with what scoring wants, and what it must never fetch."""
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in ("open_clip_config.json", "open_clip_model.safetensors", "tokenizer.json"):
        (folder / name).write_bytes(name.encode())
    (folder / "open_clip_pytorch_model.bin").write_bytes(b"pickled")
    return folder


@pytest.fixture
def vibes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command of ``vibes scoring`` with a cache of its own and these settings."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    (tmp_path / "studio.yaml").write_text(CONFIG)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "companion_app", "scoring", *arguments]
        config = ["--config", str(tmp_path / "studio.yaml")]
        return subprocess.run([*command, *config], capture_output=True, text=True)

    return run


@needs_torch
def test_weights_are_fetched_on_request_without_anything_pickled_and_then_are_here(
    repository: Path, vibes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"org/tiny": repository}) as (url, asked):
        monkeypatch.setenv("HF_ENDPOINT", url)
        assert "The weights of the scoring model 'tiny' are not here" in vibes("status").stdout
        told = vibes("install", "--yes")
        assert told.returncode == 0, told.stderr
        assert told.stdout.splitlines()[:2] == ["This fetches:", "  weights of org/tiny: 1 MB"]
        assert "licence: MIT" in told.stdout
    assert "GET open_clip_model.safetensors" in asked
    assert not any("pytorch_model.bin" in request for request in asked)
    assert "Pictures are scored by 'tiny'" in vibes("status").stdout
    assert vibes("install").stdout == "Everything is here already.\n"


@needs_torch
def test_a_hub_that_does_not_have_it_is_told_in_one_sentence(
    repository: Path, vibes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"org/tiny": repository}) as (url, _):
        monkeypatch.setenv("HF_ENDPOINT", url)
        told = vibes("install", "--model", "gone", "--yes")
    assert told.returncode == 1
    assert "org/gone could not be fetched" in told.stderr.splitlines()[-1]


def test_nothing_is_fetched_without_a_yes(vibes) -> None:
    assert vibes("install", "--dry-run").returncode == 0
    told = subprocess.run(
        [sys.executable, "-m", "companion_app", "scoring", "install"],
        input="n\n",
        capture_output=True,
        text=True,
    )
    assert told.returncode == 1
    assert "Go on?" in told.stdout


@needs_torch
def test_a_name_that_is_no_model_and_no_folder_is_refused_with_those_there_are() -> None:
    models = load_settings().scoring_models
    with pytest.raises(ConfigError, match=r"'nope' is neither a scoring model \(fast, default"):
        model_folder("nope", models)


@needs_torch
def test_a_folder_without_weights_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ScoringUnavailable, match=r"no open_clip_config\.json there"):
        model_folder(str(tmp_path), {})
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(ScoringUnavailable, match=r"open_clip_model\.safetensors is missing"):
        model_folder(str(tmp_path), {})


def test_scoring_that_is_switched_off_says_so() -> None:
    assert "switched off" in (scoring_state(Scoring(enabled=False), {}) or "")


@pytest.mark.parametrize(
    ("system", "accelerator", "index"),
    [
        ("linux", "cuda", None),
        ("linux", "cpu", "https://download.pytorch.org/whl/cpu"),
        ("win32", "cuda", "https://download.pytorch.org/whl/cu130"),
        ("win32", "cpu", None),
        ("darwin", "mps", None),
        ("linux", "rocm", "https://download.pytorch.org/whl/rocm7.2"),
    ],
)
def test_the_build_of_torch_comes_from_where_the_accelerators_build_is(
    system: str, accelerator, index: str | None
) -> None:
    build = build_for(accelerator, system)
    assert build.index_url == index
    command = build.command("python")
    assert ("--extra-index-url" in command) is (index is not None)
    assert Path(command[command.index("--constraint") + 1]).is_file()
