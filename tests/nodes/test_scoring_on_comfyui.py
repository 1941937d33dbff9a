"""The scoring node inside a real ComfyUI."""

from __future__ import annotations

import io
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from tests.comfyui.servers import TINY_CLIP, ComfyUI
from tests.nodes.test_on_comfyui import (
    CHECKPOINTS,
    PATIENCE,
    call,
    ended,
    report,
    run,
    studio_graph,
    submit,
)
from tests.scoring.drawings import Scene, draw
from vibes.recipes import Candidate
from vibes.scoring.pictures import Fit, read_picture
from vibes.scoring.reports import Report, answers, from_json
from vibes.workflows import NO_SCORE_MODEL, PACK_SCORE, Scoring

pytestmark = pytest.mark.comfyui

RED_BOAT = "a red boat at night"
BLUE_BOAT = "a blue boat at night"
Graph = dict[str, Any]


@pytest.fixture
def red_boats(comfyui_with_pack: ComfyUI) -> Callable[..., Graph]:
    """A graph that scores one or several drawings of a red boat at night, and saves them."""
    rng = np.random.default_rng(2)
    names = [f"{uuid4().hex}.png" for _ in range(2)]
    for name in names:
        drawing = draw(Scene("red", "boat", "large", "middle", "night"), rng)
        drawing.save(comfyui_with_pack.base / "input" / name)

    def make(text: str, *, model: str = TINY_CLIP.name, batch: bool = False) -> Graph:
        graph: Graph = {
            "one": {"class_type": "LoadImage", "inputs": {"image": names[0]}},
            "score": {
                "class_type": PACK_SCORE,
                "inputs": {"image": ["one", 0], "text": text, "model": model},
            },
            "save": {
                "class_type": "SaveImage",
                "inputs": {"images": ["score", 0], "filename_prefix": uuid4().hex},
            },
            "told": {"class_type": "PreviewAny", "inputs": {"source": ["score", 2]}},
            "number": {"class_type": "PreviewAny", "inputs": {"source": ["score", 1]}},
        }
        if batch:
            graph["other"] = {"class_type": "LoadImage", "inputs": {"image": names[1]}}
            both = {"image1": ["one", 0], "image2": ["other", 0]}
            graph["both"] = {"class_type": "ImageBatch", "inputs": both}
            graph["score"]["inputs"]["image"] = ["both", 0]
        return graph

    return make


def reports(entry: dict[str, Any]) -> list[Report]:
    return [from_json(text) for text in report(entry, "vibes_scores")]


def saved(server: ComfyUI, entry: dict[str, Any]) -> list[bytes]:
    return [call(server, "/view", **file) for file in report(entry, "images")]


def pixel_hashes(server: ComfyUI, entry: dict[str, Any]) -> list[str]:
    return [read_picture(data, Fit(8)).pixel_hash for data in saved(server, entry)]


def test_the_only_model_here_is_the_only_choice(comfyui_that_scores: ComfyUI) -> None:
    info = call(comfyui_that_scores, f"/object_info/{PACK_SCORE}")[PACK_SCORE]
    assert info["input"]["required"]["model"][1]["options"] == [TINY_CLIP.name]


def test_every_picture_of_a_batch_is_told_of_by_the_pixels_that_are_saved(
    comfyui_that_scores: ComfyUI, red_boats: Callable[..., Graph]
) -> None:
    entry = run(comfyui_that_scores, red_boats(RED_BOAT, batch=True))
    told = reports(entry)
    assert [one.pixel_hash for one in told] == pixel_hashes(comfyui_that_scores, entry)
    assert len({one.pixel_hash for one in told}) == 2
    assert all(answers(one, RED_BOAT) for one in told)
    assert {(one.name, one.width, one.height) for one in told} == {(TINY_CLIP.name, 96, 96)}
    mean = sum(one.adherence.overall for one in told) / 2
    assert float(entry["outputs"]["number"]["text"][0]) == pytest.approx(mean)
    [table] = entry["outputs"]["told"]["text"]
    assert "a red boat" in table


def test_a_fitting_text_scores_higher_than_another(
    comfyui_that_scores: ComfyUI, red_boats: Callable[..., Graph]
) -> None:
    fitting, other = (
        reports(run(comfyui_that_scores, red_boats(text)))[0] for text in (RED_BOAT, BLUE_BOAT)
    )
    assert fitting.pixel_hash == other.pixel_hash
    assert fitting.adherence.overall > other.adherence.overall


def test_what_was_scored_is_not_scored_again_and_unloading_takes_nothing_away(
    comfyui_that_scores: ComfyUI, red_boats: Callable[..., Graph]
) -> None:
    graph = red_boats(RED_BOAT)
    first = run(comfyui_that_scores, graph)
    graph["save"]["inputs"]["filename_prefix"] = uuid4().hex
    again = run(comfyui_that_scores, graph)
    [cached] = [data["nodes"] for event, data in messages(again) if event == "execution_cached"]
    assert "score" in cached
    assert report(again, "vibes_scores") == report(first, "vibes_scores")
    post(comfyui_that_scores, "/free", {"unload_models": True, "free_memory": True})
    graph["save"]["inputs"]["filename_prefix"] = uuid4().hex
    assert report(run(comfyui_that_scores, graph), "vibes_scores") == report(first, "vibes_scores")


def test_an_interrupt_is_heard_between_pictures(
    comfyui_that_scores: ComfyUI, red_boats: Callable[..., Graph]
) -> None:
    graph = red_boats("")
    graph["many"] = {
        "class_type": "RepeatImageBatch",
        "inputs": {"image": ["one", 0], "amount": 2000},
    }
    graph["score"]["inputs"]["image"] = ["many", 0]
    graph["save"]["inputs"]["images"] = ["one", 0]
    run(comfyui_that_scores, graph)  # so that everything before the node is there already
    graph["score"]["inputs"]["text"] = RED_BOAT
    prompt_id = submit(comfyui_that_scores, graph)
    while not call(comfyui_that_scores, "/queue")["queue_running"]:
        time.sleep(0.02)
    time.sleep(0.5)
    post(comfyui_that_scores, "/interrupt", {"prompt_id": prompt_id})
    entry = ended(comfyui_that_scores, prompt_id)
    event, data = messages(entry)[-1]
    assert (event, data["node_id"]) == ("execution_interrupted", "score")


def messages(entry: dict[str, Any]) -> list[Any]:
    found: list[Any] = entry["status"]["messages"]
    return found


def post(server: ComfyUI, path: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE):
        pass


@pytest.mark.parametrize(
    ("model", "text", "why"),
    [
        ("default", RED_BOAT, "'default' is not here; there are"),
        (NO_SCORE_MODEL, RED_BOAT, "No scoring model is chosen"),
        (TINY_CLIP.name, "  ", "Nothing is asked for"),
    ],
)
def test_where_nothing_can_be_scored_the_graph_goes_on_and_says_why(
    model: str,
    text: str,
    why: str,
    comfyui_that_scores: ComfyUI,
    red_boats: Callable[..., Graph],
) -> None:
    entry = run(comfyui_that_scores, red_boats(text, model=model))
    assert report(entry, "vibes_scores") == []
    assert entry["outputs"]["number"]["text"] == ["0.0"]
    assert entry["outputs"]["told"]["text"][0].startswith(f"Not scored. {why}")
    [data] = saved(comfyui_that_scores, entry)
    assert Image.open(io.BytesIO(data)).size == (96, 96)


def test_the_studio_s_graph_scores_on_the_way_to_the_file_and_changes_no_pixel(
    comfyui_that_scores: ComfyUI,
) -> None:
    def graph(scoring: Scoring | None) -> Graph:
        return studio_graph(
            Candidate(CHECKPOINTS[0]),
            prompt=RED_BOAT,
            seed=3,
            node_classes=frozenset({PACK_SCORE}),
            scoring=scoring,
        )

    server = comfyui_that_scores
    scored = run(server, graph(Scoring(TINY_CLIP.name, RED_BOAT)))
    [told] = reports(scored)
    assert [told.pixel_hash] == pixel_hashes(server, scored)
    assert pixel_hashes(server, run(server, graph(None))) == [told.pixel_hash]
