"""The shipped workflows: what the graph editor can open, of nodes there are, with a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from tests.comfyui.servers import REPOSITORY, ComfyUI
from tests.nodes.test_on_comfyui import call
from vibes.workflows.editor import ANNOTATIONS, widget_order

FOLDER = Path(__file__).parent
SCHEMA: dict[str, Any] = json.loads((FOLDER / "workflow.schema.json").read_text())
CORE = FOLDER / "core_nodes.json"
WORKFLOWS = sorted((REPOSITORY / "workflows").glob("*.json"))
HERE_ONLY = {"ckpt_name", "image", "checkpoint", "model"}
"""Inputs whose options are the files of a machine."""

Node = dict[str, Any]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    """Of every node class the workflows use, as ComfyUI tells them."""
    own: dict[str, Any] = json.loads((FOLDER / "object_info.json").read_text())
    return own | json.loads(CORE.read_text())


def nodes(workflow: dict[str, Any]) -> list[Node]:
    return [node for node in workflow["nodes"] if node["type"] not in ANNOTATIONS]


def inputs(definition: dict[str, Any]) -> dict[str, list[Any]]:
    return {**definition["input"].get("required", {}), **definition["input"].get("optional", {})}


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_workflow_is_of_the_editor_s_format(workflow: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(workflow)
    ids = [node["id"] for node in workflow["nodes"]]
    assert len(set(ids)) == len(ids)
    assert max(ids) <= workflow["last_node_id"]
    assert max(link[0] for link in workflow["links"]) <= workflow["last_link_id"]


def test_every_node_is_one_there_is_with_the_sockets_it_has(
    workflow: dict[str, Any], definitions: dict[str, Any]
) -> None:
    for node in nodes(workflow):
        definition = definitions[node["type"]]
        declared = inputs(definition)
        for socket in node["inputs"]:
            kind = declared[socket["name"]][0] if socket["name"] != "upload" else "IMAGEUPLOAD"
            assert socket["type"] == ("COMBO" if isinstance(kind, list) else kind)
        assert [socket["type"] for socket in node["outputs"]] == definition["output"]


def test_every_widget_has_its_value_and_every_option_exists(
    workflow: dict[str, Any], definitions: dict[str, Any]
) -> None:
    for node in nodes(workflow):
        names = widget_order(definitions[node["type"]])
        declared = inputs(definitions[node["type"]])
        for name, value in zip(names, node["widgets_values"], strict=True):
            if name is not None and name not in HERE_ONLY:
                options = offered(declared[name])
                assert options is None or value in options, (node["type"], name, value)


def offered(declared: list[Any]) -> list[Any] | None:
    """The options of a combo; None for another input."""
    kind, *extra = declared
    if isinstance(kind, list):
        return kind
    return extra[0].get("options") if kind == "COMBO" else None


def test_links_join_sockets_of_one_type(workflow: dict[str, Any]) -> None:
    by_id = {node["id"]: node for node in workflow["nodes"]}
    for link, start, output, end, place, kind in workflow["links"]:
        source, target = by_id[start]["outputs"][output], by_id[end]["inputs"][place]
        assert link in source["links"]
        assert target["link"] == link
        types = {source["type"], target["type"]} - {"*"}
        assert len(types) <= 1
        assert kind in (source["type"], target["type"])


def test_every_required_input_that_is_no_widget_is_linked(
    workflow: dict[str, Any], definitions: dict[str, Any]
) -> None:
    for node in nodes(workflow):
        required = definitions[node["type"]]["input"].get("required", {})
        widgets = set(widget_order(definitions[node["type"]]))
        linked = {socket["name"] for socket in node["inputs"] if socket["link"] is not None}
        assert set(required) - widgets <= linked


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_a_thumbnail(path: Path) -> None:
    with Image.open(path.with_suffix(".jpg")) as picture:
        assert (picture.format, picture.size) == ("JPEG", (512, 512))
    assert path.with_suffix(".jpg").stat().st_size < 100_000


@pytest.mark.comfyui
def test_comfyui_s_own_nodes_are_as_recorded(
    comfyui_with_pack: ComfyUI, pytestconfig: pytest.Config
) -> None:
    used = {node["type"] for path in WORKFLOWS for node in nodes(json.loads(path.read_text()))}
    told = call(comfyui_with_pack, "/object_info")
    found = {name: told[name] for name in sorted(used) if not name.startswith("Vibes")}
    for name, definition in found.items():
        for listed, declared in inputs(definition).items():
            if listed in HERE_ONLY and isinstance(declared[0], list):
                declared[0] = []
        found[name] = {key: definition[key] for key in ("input", "input_order", "output")}
    if pytestconfig.getoption("--record-comfyui"):
        CORE.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(CORE.read_text())
