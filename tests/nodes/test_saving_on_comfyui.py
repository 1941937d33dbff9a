"""Saving pictures inside a real ComfyUI."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from comfy_nodes.version import pack_version
from tests.comfyui.servers import ComfyUI
from tests.nodes.test_on_comfyui import (
    CHECKPOINTS,
    LORA,
    PACK,
    Graph,
    call,
    ended,
    node,
    refusal,
    report,
    run,
    studio_graph,
)
from tests.nodes.test_picture_files import told
from vibes.recipes import Candidate, LoraUse
from vibes.workflows import PACK_SAVE, read_record

pytestmark = pytest.mark.comfyui

WORKFLOW = {"nodes": [{"id": 1, "title": "Ä"}], "links": []}


@pytest.fixture
def saving() -> Callable[..., Graph]:
    """A draft of the studio that ends in the pack's node, with these inputs of it."""

    def make(prompt: str = "a beach", seed: int = 1, pack: bool = True, **inputs: Any) -> Graph:
        graph = studio_graph(
            Candidate(CHECKPOINTS[0], (LoraUse(LORA, 0.7),)),
            prompt=prompt,
            seed=seed,
            node_classes=PACK | {PACK_SAVE} if pack else frozenset(),
            scoring=None,
        )
        if pack:
            node(graph, PACK_SAVE).update(inputs)
        return graph

    return make


def run_from_editor(server: ComfyUI, graph: Graph, **beside: Any) -> dict[str, Any]:
    """Run a graph as the editor does, which sends its own form of it beside."""
    prompt_id = uuid4().hex
    body = {
        "prompt": graph,
        "prompt_id": prompt_id,
        "client_id": "test",
        "extra_data": {"extra_pnginfo": {"workflow": WORKFLOW, **beside}},
    }
    assert call(server, "/prompt", body)["node_errors"] == {}
    return ended(server, prompt_id)


def file(server: ComfyUI, entry: dict[str, Any]) -> bytes:
    (image,) = report(entry, "images")
    data: bytes = call(server, "/view", **image)
    return data


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def content_sha256(path: Path) -> str:
    data = path.read_bytes()
    return hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).hexdigest()


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({}, "PNG"),
        ({"format": "WebP"}, "WEBP"),
        ({"format": "WebP", "lossless": True}, "WEBP"),
        ({"format": "JPEG", "quality": 60}, "JPEG"),
    ],
)
def test_every_format_holds_all_three_records(
    inputs: dict[str, Any], kind: str, comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    graph = saving(prompt="ein Böötchen 日本", **inputs)
    data = file(comfyui_with_pack, run_from_editor(comfyui_with_pack, graph))
    assert Image.open(io.BytesIO(data)).format == kind
    texts = told(data)
    assert texts.keys() == {"prompt", "workflow", "parameters", "vibes"}
    assert json.loads(texts["workflow"]) == WORKFLOW
    assert json.loads(texts["prompt"]).keys() == graph.keys()
    models = comfyui_with_pack.base / "models"
    checkpoint, lora = models / "checkpoints" / CHECKPOINTS[0], models / "loras" / LORA
    record = read_record(texts["vibes"])
    assert (record.prompt, record.seed, record.steps) == ("ein Böötchen 日本", 1, 1)
    assert (record.width, record.height, record.sampler) == (64, 96, "euler")
    assert (record.checkpoint, record.checkpoint_sha256) == (CHECKPOINTS[0], sha256(checkpoint))
    assert record.loras is not None
    assert [(use.name, use.strength, use.sha256) for use in record.loras] == [
        (LORA, 0.7, sha256(lora))
    ]
    assert texts["parameters"].split("\n")[0] == "ein Böötchen 日本 <lora:tiny-lora:0.7>"
    settings = texts["parameters"].split("\n")[-1]
    assert settings == (
        "Steps: 1, Sampler: Euler, Schedule type: Normal, CFG scale: 1, Seed: 1, Size: 64x96,"
        f" Model hash: {sha256(checkpoint)[:10]}, Model: tiny-a,"
        f' Lora hashes: "tiny-lora: {content_sha256(lora)[:12]}", Version: Vibes {pack_version()}'
    )


def test_what_ran_is_reported(comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]) -> None:
    models = comfyui_with_pack.base / "models"
    assert report(run(comfyui_with_pack, saving()), "vibes_files") == [
        {
            "checkpoint": {
                "name": CHECKPOINTS[0],
                "sha256": sha256(models / "checkpoints" / CHECKPOINTS[0]),
            },
            "loras": [{"name": LORA, "strength": 0.7, "sha256": sha256(models / "loras" / LORA)}],
        }
    ]


def test_a_lora_of_its_checkpoint_s_name_keeps_a_hash_of_its_own(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    models = comfyui_with_pack.base / "models"
    namesake = models / "loras" / CHECKPOINTS[0]
    shutil.copyfile(models / "loras" / LORA, namesake)
    graph = saving()
    node(graph, "VibesAutoLora").update(loras=f"{CHECKPOINTS[0]}:0.7")
    try:
        (files,) = report(run(comfyui_with_pack, graph), "vibes_files")
        assert files["loras"][0]["sha256"] == sha256(namesake)
        assert files["checkpoint"]["sha256"] == sha256(models / "checkpoints" / CHECKPOINTS[0])
    finally:
        namesake.unlink()


@pytest.mark.parametrize("inputs", [{}, {"format": "WebP", "lossless": True}])
def test_pixels_are_those_of_core_s_save_image(
    inputs: dict[str, Any], comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    ours, core = (
        Image.open(io.BytesIO(file(comfyui_with_pack, run(comfyui_with_pack, graph))))
        for graph in (saving(**inputs), saving(pack=False))
    )
    assert ours.convert("RGB").tobytes() == core.tobytes()
    assert ours.size == core.size


def test_the_graph_in_a_file_runs_again_and_gives_the_same_picture(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    data = file(comfyui_with_pack, run_from_editor(comfyui_with_pack, saving(seed=3)))
    again = json.loads(told(data)["prompt"])
    node(again, PACK_SAVE)["filename_prefix"] = f"again/{uuid4().hex}"
    other = file(comfyui_with_pack, run_from_editor(comfyui_with_pack, again))
    pictures = [Image.open(io.BytesIO(one)).tobytes() for one in (data, other)]
    assert pictures[0] == pictures[1]
    assert told(data)["vibes"] == told(other)["vibes"]


def test_choices_of_nodes_are_in_the_record_and_the_file_s_name(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    graph = saving(filename_prefix=f"{uuid4().hex}/%model%_%seed%_%counter%-%width%x%height%")
    pool = node(graph, "VibesCheckpointPool")
    pool.clear()
    pool.update(mode="explore", tier="tiny_test", prompt="a beach", seed=5)
    node(graph, "VibesAutoLora").update(mode="auto", prompt="a speckled egg", seed=1)
    entry = run(comfyui_with_pack, graph)
    record = read_record(told(file(comfyui_with_pack, entry))["vibes"])
    assert record.checkpoint == report(entry, "vibes_checkpoint")[0]
    assert record.loras is not None
    assert [(use.name, use.strength) for use in record.loras] == [
        (use["name"], use["strength"]) for use in report(entry, "vibes_loras")
    ]
    (image,) = report(entry, "images")
    assert image["filename"] == f"{Path(record.checkpoint).stem}_1_00001-64x96.png"


def test_parameters_a_node_chose_are_in_the_record(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    graph = saving()
    graph["p"] = {
        "class_type": "VibesParameters",
        "inputs": {
            "prompt": "a beach",
            "tier": "tiny_test",
            "aspect_ratio": "square",
            "priority": "balanced",
        },
    }
    node(graph, "KSampler").update(steps=["p", 0], cfg=["p", 1], sampler_name=["p", 2])
    entry = run(comfyui_with_pack, graph)
    record = read_record(told(file(comfyui_with_pack, entry))["vibes"])
    assert record.steps
    assert record.cfg
    assert record.sampler == "euler"


def test_what_the_studio_hands_over_counts_before_what_the_graph_tells(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    beside = {"vibes": {"version": 1, "checkpoint": "sub/tiny.safetensors", "reason": "Because."}}
    texts = told(file(comfyui_with_pack, run_from_editor(comfyui_with_pack, saving(), **beside)))
    record = read_record(texts["vibes"])
    assert (record.checkpoint, record.reason, record.seed) == (
        "sub/tiny.safetensors",
        "Because.",
        1,
    )
    assert record.checkpoint_sha256 is not None
    by_hand = saving(record=json.dumps({"tier": "mine"}))
    texts = told(file(comfyui_with_pack, run_from_editor(comfyui_with_pack, by_hand)))
    assert read_record(texts["vibes"]).tier == "mine"


def test_less_is_written_where_less_is_wanted(
    comfyui_with_pack: ComfyUI, saving: Callable[..., Graph]
) -> None:
    def texts(metadata: str) -> dict[str, str]:
        graph = saving(metadata=metadata)
        data = file(comfyui_with_pack, run_from_editor(comfyui_with_pack, graph))
        return dict(Image.open(io.BytesIO(data)).text)  # type: ignore[attr-defined]

    assert texts("settings").keys() == {"parameters", "vibes"}
    assert texts("none") == {}


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"format": "PGN"}, "did you mean 'PNG'"),
        ({"metadata": "some"}, "There are all, settings, none"),
        ({"filename_prefix": "../x"}, "leads out of the output folder"),
        ({"filename_prefix": "%sed%"}, "did you mean 'seed'"),
        ({"record": "{"}, "no record of a picture"),
    ],
)
def test_what_cannot_be_saved_is_refused_before_anything_runs(
    inputs: dict[str, Any],
    sentence: str,
    comfyui_with_pack: ComfyUI,
    saving: Callable[..., Graph],
) -> None:
    assert sentence in refusal(comfyui_with_pack, saving(**inputs))
