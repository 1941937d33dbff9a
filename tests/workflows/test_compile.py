from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vibes.errors import FaultyWorkflow
from vibes.settings import data_root
from vibes.workflows.compile import WIDGETS, compile_files, compile_workflow, main
from vibes.workflows.editor import widget_order

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
        assert type_ in (
            nodes[start]["outputs"][output]["type"],
            nodes[end]["inputs"][socket]["type"],  # where what comes out fits anything
        )
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


def spoil(workflow: dict[str, Any], **changes: Any) -> None:
    node(workflow, "VAEDecode").update(changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mode": 2}, "Node 'Decode' (6) is muted: remove it or switch it on"),
        ({"mode": 4}, "Node 'Decode' (6) is bypassed"),
        ({"type": "Mystery"}, "Node 'Decode' (6): no server here tells what a Mystery is"),
        ({"type": "9f2b1c1e-5d1c-4b0e-8f5e-0b1c2d3e4f50"}, "Node 'Decode' (6) is a group of nodes"),
        ({"widgets_values": [1, 2]}, "Node 'Decode' (6) holds 2 values where 0 were expected"),
        ({"inputs": "none"}, "This is no file of the graph editor: 'nodes.5.inputs"),
    ],
)
def test_a_node_that_cannot_be_read_is_named_and_the_way_out(
    changes: dict[str, Any], sentence: str
) -> None:
    workflow = draft()
    spoil(workflow, **changes)
    with pytest.raises(FaultyWorkflow) as caught:
        compile_workflow(workflow)
    [problem] = caught.value.problems
    assert problem.startswith(sentence)
    assert "no file" in problem or "Workflow → Export (API)" in problem


def test_every_node_that_cannot_be_read_is_told_at_once() -> None:
    workflow = draft()
    spoil(workflow, mode=4)
    node(workflow, "KSampler")["type"] = "Mystery"
    with pytest.raises(FaultyWorkflow) as caught:
        compile_workflow(workflow)
    assert len(caught.value.problems) == 2


def test_a_link_leads_through_reroutes_and_a_primitive_is_its_value() -> None:
    workflow = draft()
    decode, sampler = node(workflow, "VAEDecode"), node(workflow, "KSampler")
    samples = decode["inputs"][0]
    reroute = {"id": 20, "type": "Reroute", "inputs": [{"name": "", "link": samples["link"]}]}
    primitive = {"id": 21, "type": "PrimitiveNode", "widgets_values": [12, "fixed"]}
    workflow["nodes"] += [reroute, primitive]
    workflow["links"] += [[50, 20, 0, 6, 0, "*"], [51, 21, 0, 4, 5, "INT"]]
    samples["link"] = 50
    next(s for s in sampler["inputs"] if s["name"] == "steps")["link"] = 51
    sampler["properties"]["vibes_slots"] = "loras=model seed"
    graph = compile_workflow(workflow)["graph"]
    assert graph["6"]["inputs"]["samples"] == ["4", 0]
    assert graph["4"]["inputs"]["steps"] == 12
    assert not {"20", "21"} & graph.keys()


def test_a_primitive_that_holds_nothing_gives_nothing() -> None:
    workflow = draft()
    workflow["nodes"].append({"id": 21, "type": "PrimitiveNode", "widgets_values": []})
    workflow["links"].append([51, 21, 0, 4, 5, "INT"])
    sampler = node(workflow, "KSampler")
    expected = compile_workflow(workflow)["graph"]
    next(s for s in sampler["inputs"] if s["name"] == "steps")["link"] = 51
    assert compile_workflow(workflow)["graph"] == expected


def test_links_may_be_objects_and_widgets_named_as_newer_editors_write_them() -> None:
    workflow = draft()
    expected = compile_workflow(workflow)
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    workflow["links"] = [dict(zip(keys, link, strict=True)) for link in workflow["links"]]
    size = node(workflow, "EmptyLatentImage")
    size["widgets_values"] = {"height": 768, "width": 512, "batch_size": 1, "preview": {}}
    made = compile_workflow(workflow)
    assert made == expected


def test_a_file_that_marks_nothing_is_for_the_editor_alone(tmp_path: Path) -> None:
    workflow = draft()
    for one in workflow["nodes"]:
        one["properties"] = {}
    node(workflow, "VAEDecode")["type"] = "NobodyKnowsIt"
    (tmp_path / "plain.json").write_text(json.dumps(workflow))
    assert compile_files(tmp_path) == {}


RECORDED = (
    Path(__file__).parents[1] / "data" / "comfyui" / "object_info.json",
    Path(__file__).parents[1] / "nodes" / "object_info.json",
)


def test_the_order_of_widgets_is_the_one_comfyui_tells() -> None:
    object_info: dict[str, Any] = {}
    for path in RECORDED:
        object_info |= json.loads(path.read_text())
    assert {name: widget_order(object_info[name]) for name in WIDGETS} == WIDGETS


@pytest.mark.parametrize(
    "told", [None, {}, {"input": []}, {"input": {"required": {"a": None, "b": [], "c": [3]}}}]
)
def test_a_strange_definition_has_no_widgets(told: Any) -> None:
    assert widget_order(told or {}) == ()


def test_seeds_uploads_and_forced_inputs_are_told_from_plain_widgets() -> None:
    inputs = {
        "noise_seed": ["INT", {}],
        "forced": ["STRING", {"forceInput": True}],
        "model": ["MODEL"],
        "mode": [["a", "b"]],
        "video": ["COMBO", {"options": [], "video_upload": True}],
    }
    told = {"input": {"required": inputs, "optional": {"text": ["STRING"]}}}
    assert widget_order(told) == ("noise_seed", None, "mode", "video", None, "text")
