"""What the scoring node does, without ComfyUI."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from comfy_nodes import scoring, scoring_models
from comfy_nodes.scoring import Scorer, check_text, load_scorer, mean_score, table
from comfy_nodes.scoring_models import LocalModels
from tests.scoring.drawings import Scene, draw
from vibes.errors import InvalidInput, ScoringUnavailable
from vibes.scoring.pictures import read_picture
from vibes.scoring.reports import answers, from_json, to_json
from vibes.scoring.torch_modules import missing_modules
from vibes.settings import load_settings
from vibes.workflows import NO_SCORE_MODEL

TINY = Path(__file__).parents[1] / "assets" / "tiny_clip"
RED_BOAT = "a red boat at night"
needs_torch = pytest.mark.skipif(bool(missing_modules()), reason="torch is not installed here")


@pytest.fixture(autouse=True)
def empty_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever weights this machine has."""
    hub = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))


def models(folder: Path | str = TINY, **more: object) -> LocalModels:
    return LocalModels(load_settings(scoring={"model": str(folder), **more}))


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return load_scorer(models().get(TINY.name), "cpu", None)


def boats(*colours: str) -> list[Image.Image]:
    rng = np.random.default_rng(1)
    return [draw(Scene(colour, "boat", "large", "middle", "night"), rng) for colour in colours]


# --- which models are here ---------------------------------------------------------------------


@needs_torch
def test_a_folder_named_in_the_settings_is_a_choice_by_its_name() -> None:
    assert models().choices() == [TINY.name]
    assert models("fast", permissive=str(TINY)).choices() == [TINY.name]


@needs_torch
def test_where_no_weights_are_the_one_choice_says_so_and_how_to_get_some() -> None:
    here = models("default")
    assert here.choices() == [NO_SCORE_MODEL]
    with pytest.raises(ScoringUnavailable, match="hf download timm/ViT-B-16-SigLIP2"):
        here.get("default")


def test_where_open_clip_is_missing_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("vibes.scoring.weights", "comfy_nodes.scoring_models"):
        monkeypatch.setattr(f"{module}.missing_modules", lambda: ("open_clip",))
    here = models()
    assert here.choices() == [NO_SCORE_MODEL]
    with pytest.raises(ScoringUnavailable, match=r"lacks open_clip.*pip install 'open_clip"):
        here.get(NO_SCORE_MODEL)


@needs_torch
def test_a_workflow_from_elsewhere_runs_and_a_misspelt_model_is_refused() -> None:
    here = models()
    for name in ("default", "fast", NO_SCORE_MODEL, TINY.name):
        assert here.is_known(name)
    assert not here.is_known("defualt")
    with pytest.raises(ScoringUnavailable, match=f"'default' is not here; there are: {TINY.name}"):
        here.get("default")
    with pytest.raises(ScoringUnavailable, match="No scoring model is chosen"):
        here.get(NO_SCORE_MODEL)


@needs_torch
def test_weights_that_come_go_or_change_are_another_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_models, "LOOK_AGAIN_SECONDS", 0)
    folder = tmp_path / "mine"
    here = models(folder)
    states = [here.state("mine")]
    shutil.copytree(TINY, folder)
    states.append(here.state("mine"))
    assert here.state("mine") == states[1]
    (folder / "open_clip_model.safetensors").write_bytes(b"changed")
    states.append(here.state("mine"))
    shutil.rmtree(folder)
    assert len({*states}) == 3
    assert here.state("mine") == states[0]


# --- what it sees ------------------------------------------------------------------------------


@needs_torch
def test_each_picture_is_held_against_the_text_as_the_studio_would(scorer: Scorer) -> None:
    red, blue = scorer.reports(boats("red", "blue"), RED_BOAT)
    assert red.adherence.overall > blue.adherence.overall + 0.1
    assert (red.model, red.name) == (scorer.clip.key, TINY.name)
    assert answers(red, RED_BOAT)
    assert not answers(red, "a blue boat at night")
    assert mean_score([red.adherence, blue.adherence]) == pytest.approx(
        (red.adherence.overall + blue.adherence.overall) / 2
    )


@needs_torch
def test_a_report_is_about_the_file_its_picture_is_saved_as(scorer: Scorer) -> None:
    [picture] = boats("red")
    file = io.BytesIO()
    picture.save(file, "PNG")
    [report] = scorer.reports([picture], RED_BOAT)
    read = read_picture(file.getvalue(), scorer.clip.fit)
    assert (report.pixel_hash, report.phash) == (read.pixel_hash, read.phash)
    assert (report.width, report.height) == picture.size


@needs_torch
def test_a_report_survives_the_way_to_the_studio(scorer: Scorer) -> None:
    [report] = scorer.reports(boats("red"), RED_BOAT)
    told = from_json(to_json(report))
    assert told.adherence == report.adherence
    assert np.abs(told.vector - report.vector).max() < 1e-3
    fields = ("model", "name", "pixel_hash", "phash", "width", "height", "prompt_hash")
    assert [getattr(told, f) for f in fields] == [getattr(report, f) for f in fields]


@needs_torch
def test_of_a_long_batch_a_few_pictures_are_held_at_a_time(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "TOGETHER", 2)
    taken = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal taken
        while True:
            taken += 1
            yield Image.new("RGB", (32, 32), (taken, 0, 0))

    reports = scorer.reports(endless(), RED_BOAT)
    hashes = [next(reports).pixel_hash for _ in range(5)]
    assert len(set(hashes)) == 5
    assert taken == 6


@needs_torch
def test_the_table_names_every_phrase_and_prints_no_percentage(scorer: Scorer) -> None:
    found = [report.adherence for report in scorer.reports(boats("red", "blue"), RED_BOAT)]
    lines = table(found).splitlines()
    assert f"Picture 1: {found[0].overall:.2f}" in lines
    assert any(f"{found[1].items[0].p:.2f}  a red boat (colour, " in line for line in lines)
    assert "%" not in table(found)


def test_a_text_that_asks_for_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="connect the prompt"):
        check_text(" \n")
    assert mean_score([]) == 0
