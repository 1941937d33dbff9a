from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from vibes.errors import InvalidInput
from vibes.settings import data_root
from vibes.workflows.compile import EDITOR_ONLY, WIDGETS, compile_files, compile_workflow, main

FOLDER = data_root() / "workflows"
EDITOR_FILES = sorted(FOLDER.glob("*.json"))


def draft() -> dict[str, Any]:
    workflow: dict[str, Any] = json.loads((FOLDER / "draft.json").read_text())
    return workflow


def node(workflow: dict[str, Any], type_: str) -> dict[str, Any]:
    found: dict[str, Any] = next(n for n in workflow["nodes"] if n["type"] == type_)
    return found


def test_the_shipped_templates_follow_from_the_editor_files() -> None:
    texts = compile_files(FOLDER)
    assert {path.name for path in texts} == {path.name for path in (FOLDER / "api").iterdir()}
    for path, text in texts.items():
        assert path.read_text() == text


def test_check_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--check"])
    assert "0 written" in capsys.readouterr().err


@pytest.mark.parametrize("path", EDITOR_FILES, ids=lambda path: path.stem)
def test_links_agree_with_the_sockets_at_both_ends(path: Path) -> None:
    workflow = json.loads(path.read_text())
    nodes = {n["id"]: n for n in workflow["nodes"]}
    for link, start, output, end, socket, type_ in workflow["links"]:
        assert link in nodes[start]["outputs"][output]["links"]
        assert nodes[start]["outputs"][output]["type"] == type_
        assert nodes[end]["inputs"][socket]["link"] == link
    assert len(nodes) == len(workflow["nodes"])


@pytest.mark.parametrize("path", EDITOR_FILES, ids=lambda path: path.stem)
def test_no_node_lies_on_another(path: Path) -> None:
    title = 30  # pixels the title bar rises above a node's position
    boxes = []
    for n in json.loads(path.read_text())["nodes"]:
        (x, y), (width, height) = n["pos"], n["size"]
        boxes.append((x, y - title, x + width, y + height))
    for index, one in enumerate(boxes):
        for two in boxes[index + 1 :]:
            apart = one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
            assert apart, (one, two)


def test_a_linked_widget_becomes_a_link() -> None:
    workflow = draft()
    sampler = node(workflow, "KSampler")
    socket = next(s for s in sampler["inputs"] if s["name"] == "steps")
    socket["link"] = 1
    graph = compile_workflow(workflow)["graph"]
    _, start, output, *_ = workflow["links"][0]
    assert graph[str(sampler["id"])]["inputs"]["steps"] == [str(start), output]


def test_the_editor_s_own_widgets_stay_in_the_editor() -> None:
    workflow = draft()
    sampler = compile_workflow(workflow)["graph"][str(node(workflow, "KSampler")["id"])]
    assert "randomize" not in sampler["inputs"].values()
    assert sampler["inputs"]["scheduler"] == "normal"


@pytest.mark.parametrize("mode", [2, 4])
def test_a_muted_or_bypassed_node_is_refused(mode: int) -> None:
    workflow = draft()
    node(workflow, "VAEDecode")["mode"] = mode
    with pytest.raises(InvalidInput, match="muted or bypassed"):
        compile_workflow(workflow)


def test_a_node_of_unknown_widgets_is_refused() -> None:
    workflow = draft()
    node(workflow, "VAEDecode")["type"] = "Mystery"
    with pytest.raises(InvalidInput, match="widgets of a Mystery"):
        compile_workflow(workflow)


def test_the_order_of_widgets_is_the_one_comfyui_tells() -> None:
    recorded = Path(__file__).parents[1] / "data" / "comfyui" / "object_info.json"
    object_info = json.loads(recorded.read_text())
    assert {name: tuple(widgets(object_info[name])) for name in WIDGETS} == WIDGETS


def widgets(info: dict[str, Any]) -> Iterator[str | None]:
    """What the editor saves in ``widgets_values`` for a node class."""
    for group, names in info["input_order"].items():
        for name in names:
            type_, *options = info["input"][group][name]
            if isinstance(type_, list) or type_ in {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}:
                yield name
                if {"control_after_generate", "image_upload"} & {*chain(*options)}:
                    yield EDITOR_ONLY
