"""Graphs saved with released nodes go on working; what breaks one is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.nodes.compatibility import breaks

FOLDER = Path(__file__).parent
RELEASED: dict[str, Any] = json.loads((FOLDER / "released.json").read_text())
PRESENT: dict[str, Any] = json.loads((FOLDER / "object_info.json").read_text())
LORA = "VibesAutoLora"

Change = Callable[[dict[str, Any]], object]


def test_nothing_released_is_broken() -> None:
    assert breaks(RELEASED, PRESENT) == []


def after(change: Change) -> list[str]:
    present = deepcopy(RELEASED)
    change(present)
    return breaks(RELEASED, present)


def add(node: dict[str, Any], group: str, place: int, name: str) -> None:
    node["input"][group][name] = ["STRING", {}]
    node["input_order"][group].insert(place, name)


def drop(node: dict[str, Any], group: str, name: str) -> None:
    del node["input"][group][name]
    node["input_order"][group].remove(name)


def rename(node: dict[str, Any]) -> None:
    drop(node, "optional", "loras")
    add(node, "optional", 1, "lora_list")


def require(node: dict[str, Any]) -> None:
    declared = node["input"]["optional"]["prompt"]
    drop(node, "optional", "prompt")
    add(node, "required", 3, "prompt")
    node["input"]["required"]["prompt"] = declared


def swap_outputs(node: dict[str, Any]) -> None:
    for key in ("output", "output_name"):
        node[key][0], node[key][1] = node[key][1], node[key][0]


def append(node: dict[str, Any]) -> None:
    add(node, "optional", 99, "style")
    node["input"]["required"]["mode"][1]["options"].append("wild")
    node["input"]["optional"]["max_loras"][1]["max"] = 20
    for key, value in (("output", "INT"), ("output_name", "count"), ("output_is_list", False)):
        node[key].append(value)


def test_what_is_appended_breaks_nothing() -> None:
    def add_node(present: dict[str, Any]) -> None:
        append(present[LORA])
        present["VibesNew"] = present[LORA]

    assert after(add_node) == []


def test_another_display_name_or_tooltip_breaks_nothing() -> None:
    def rename_shown(present: dict[str, Any]) -> None:
        present[LORA].update(display_name="LoRAs", category="Vibes/LoRAs", description="New.")
        present[LORA]["input"]["required"]["mode"][1]["tooltip"] = "New."

    assert after(rename_shown) == []


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (lambda node: drop(node, "optional", "loras"), ["the input 'loras' is gone"]),
        (rename, ["the input 'loras' is gone", "'lora_list' stands before 'seed'"]),
        (lambda node: node["input_order"]["optional"].reverse(), ["inputs come in another order"]),
        (
            lambda node: node["input"]["optional"]["loras"].__setitem__(0, "INT"),
            ["the input 'loras' was STRING and is INT"],
        ),
        (require, ["'prompt' was optional and is required"]),
        (lambda node: add(node, "required", 3, "style"), ["'style' is required", "stands before"]),
        (lambda node: add(node, "optional", 0, "style"), ["'style' stands before 'seed'"]),
        (
            lambda node: node["input"]["optional"]["loras"][1].update(forceInput=True),
            ["'loras' stores another number of widget values"],
        ),
        (
            lambda node: node["input"]["required"]["mode"][1]["options"].remove("off"),
            ["'mode' no longer offers 'off'"],
        ),
        (
            lambda node: node["input"]["optional"]["max_loras"][1].update(max=5),
            ["'max_loras' refuses what it took: max is 5"],
        ),
        (lambda node: node["output_name"].pop(), ["the output 'choice' is gone"]),
        (swap_outputs, ["the outputs come in another order: clip, model, prompt, choice"]),
        (
            lambda node: node["output"].__setitem__(2, "INT"),
            ["the output 'prompt' was STRING and is INT"],
        ),
        (
            lambda node: node["output_is_list"].__setitem__(2, True),
            ["the output 'prompt' was one value and is a list"],
        ),
    ],
)
def test_a_change_that_breaks_saved_graphs_is_named(change: Change, sentences: list[str]) -> None:
    found = after(lambda present: change(present[LORA]))
    assert all(line.startswith(f"{LORA}: ") for line in found)
    for sentence in sentences:
        assert any(sentence in line for line in found), found
    assert len(found) == len(sentences)


def test_a_node_that_is_gone_is_named() -> None:
    assert after(lambda present: present.pop(LORA)) == ["The node VibesAutoLora is gone."]
