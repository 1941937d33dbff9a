"""Showing and rating pictures inside a real ComfyUI."""

from __future__ import annotations

import io
import json
import sqlite3
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.comfyui.servers import ComfyUI
from tests.nodes.test_on_comfyui import (
    CHECKPOINTS,
    LORA,
    PACK,
    Graph,
    call,
    node,
    refusal,
    report,
    run,
    studio_graph,
)
from vibes.recipes import Candidate, LoraUse

pytestmark = pytest.mark.comfyui


def drawn(seed: int, class_type: str, **inputs: Any) -> Graph:
    """A draft of the studio that ends in this node."""
    graph = studio_graph(
        Candidate(CHECKPOINTS[0], (LoraUse(LORA, 0.7),)),
        prompt="a beach",
        seed=seed,
        node_classes=PACK,
        scoring=None,
    )
    (last,) = (one for one in graph.values() if one["class_type"] == "SaveImage")
    images = last["inputs"]["images"]
    last.update(class_type=class_type, inputs={"images": images, **inputs})
    return graph


def ratings(server: ComfyUI) -> list[dict[str, Any]]:
    place = server.base / "user" / "__vibes" / "nodes.db"
    with sqlite3.connect(f"file:{place}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT body FROM events ORDER BY sequence").fetchall()
    return [json.loads(body) for (body,) in rows]


def test_a_picture_that_is_shown_can_be_rated_and_tells_what_about(
    comfyui_with_pack: ComfyUI,
) -> None:
    entry = run(comfyui_with_pack, drawn(11, "VibesPreview"))
    (shown,) = report(entry, "vibes_images")
    assert (shown["overall"], shown["about"], shown["teaches"]) == (
        None,
        "tiny-a · tiny-lora 0.7",
        True,
    )
    (image,) = report(entry, "images")
    assert image["type"] == "temp"
    assert Image.open(io.BytesIO(call(comfyui_with_pack, "/view", **image))).size == (64, 96)
    assert len(shown["image"]) == 32


def test_a_rating_is_not_about_a_lora_that_changed_nothing(
    comfyui_with_pack: ComfyUI,
) -> None:
    header = b'{"elsewhere.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    alien = comfyui_with_pack.base / "models" / "loras" / "alien.safetensors"
    alien.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    graph = drawn(13, "VibesPreview")
    node(graph, "VibesAutoLora").update(loras=f"alien.safetensors:1, {LORA}:0.7")
    try:
        (shown,) = report(run(comfyui_with_pack, graph), "vibes_images")
    finally:
        alien.unlink()
    assert shown["about"] == "tiny-a · tiny-lora 0.7"


def test_an_explicit_rating_is_recorded_once(
    comfyui_with_pack: ComfyUI,
) -> None:
    tag = uuid4().hex
    graph = drawn(12, "VibesRecordPreference", rating="like", tags=f"{tag}, blue", comment="Fine")

    def recorded() -> list[dict[str, Any]]:
        return [event for event in ratings(comfyui_with_pack) if tag in event["tags"]]

    (told_of,) = report(run(comfyui_with_pack, graph), "vibes_images")
    assert (told_of["overall"], told_of["teaches"]) == (5, True)
    (event,) = recorded()
    assert (event["overall"], event["comment"], event["tags"]) == (5, "Fine", [tag, "blue"])
    assert event["candidate"]["checkpoint"] == CHECKPOINTS[0]
    assert event["candidate"]["loras"] == [{"name": LORA, "strength": 0.7}]
    assert "beach" in event["keywords"]
    run(comfyui_with_pack, graph)  # out of the cache
    assert recorded() == [event]


def test_a_picture_nobody_knows_the_maker_of_is_rated_without_a_lesson(
    comfyui_with_pack: ComfyUI,
) -> None:
    source = comfyui_with_pack.base / "input" / "loaded.png"
    Image.new("RGB", (8, 8), "red").save(source)
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": source.name}},
        "2": {
            "class_type": "VibesRecordPreference",
            "inputs": {"images": ["1", 0], "rating": "dislike"},
        },
        "3": {"class_type": "VibesPreview", "inputs": {"images": ["2", 0]}},
    }
    outputs = run(comfyui_with_pack, graph)["outputs"]
    (rated,), (shown,) = (outputs[key]["vibes_images"] for key in ("2", "3"))
    assert (rated["overall"], rated["teaches"], shown["teaches"]) == (1, False, False)
    assert "not known" in rated["detail"]
    assert "not known" in shown["detail"]


def test_a_rating_that_is_none_is_refused(
    comfyui_with_pack: ComfyUI,
) -> None:
    graph = drawn(1, "VibesRecordPreference", rating="lik")
    assert "did you mean 'like'" in refusal(comfyui_with_pack, graph)
