"""Every shipped workflow, opened in ComfyUI's own graph editor and run there with tiny models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.comfyui.servers import CHECKPOINTS, LORA, REPOSITORY, ComfyUI

from .editor import Editor, ask, editor_at

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

WORKFLOWS = sorted((REPOSITORY / "workflows").glob("*.json"))
SMALL: dict[str, dict[str, Any]] = {
    "CheckpointLoaderSimple": {"ckpt_name": CHECKPOINTS[0]},
    "VibesAutoLora": {"loras": f"{LORA}:0.7"},
    "KSampler": {"steps": 1},
    "EmptyLatentImage": {"width": 64, "height": 96},
    "ImageScale": {"width": 96, "height": 144},
}
"""Widgets that are set for models of a few megabytes on a processor."""
SMALL_SLOTS = {"checkpoint": CHECKPOINTS[0], "width": "64", "height": "96", "steps": "1"}
"""What markers stand for, likewise, by their slot."""
SET = """([small, slots]) => {
  for (const node of app.graph.nodes) {
    const widget = (name) => node.widgets.find((one) => one.name === name);
    for (const [name, value] of Object.entries(small[node.type] ?? {})) widget(name).value = value;
    if (node.type !== "VibesStudioInput") continue;
    widget("value").value = slots[widget("slot").value] ?? widget("value").value;
  }
}"""
Workflow = dict[str, Any]


@pytest.fixture(scope="module")
def editor(browser: Browser, comfyui_with_pack: ComfyUI) -> Iterator[Editor]:
    Image.new("RGB", (96, 144), "teal").save(comfyui_with_pack.base / "input" / "example.png")
    with editor_at(browser, comfyui_with_pack) as opened:
        yield opened


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest, editor: Editor) -> Workflow:
    """One of the shipped ones, opened in the editor."""
    path: Path = request.param
    loaded: Workflow = json.loads(path.read_text(encoding="utf-8"))
    editor.page.evaluate("workflow => app.loadGraphData(workflow)", loaded)
    return loaded


def test_it_opens_as_it_was_saved(editor: Editor, workflow: Workflow) -> None:
    shown = editor.page.evaluate("JSON.parse(JSON.stringify(app.graph.serialize()))")
    assert links(shown) == links(workflow)
    assert widgets(shown) == widgets(workflow)
    assert editor.page.evaluate("app.graph.nodes.every(({ has_errors }) => !has_errors)")
    expect(editor.page.get_by_role("dialog")).to_have_count(0)  # nothing is missing


def test_it_runs_to_its_end(editor: Editor, workflow: Workflow) -> None:
    editor.page.evaluate(SET, [SMALL, SMALL_SLOTS])
    editor.run()
    [entry] = ask(editor.server, "/history?max_items=1").values()
    assert entry["status"]["status_str"] == "success"
    pictures = [file for output in entry["outputs"].values() for file in output.get("images", ())]
    assert pictures
    told = ask(editor.server, "/object_info")
    ends = {
        str(node["id"])
        for node in workflow["nodes"]
        if told.get(node["type"], {}).get("output_node")
    }
    assert ends <= entry["outputs"].keys()


def links(workflow: Workflow) -> list[Any]:
    return sorted(workflow["links"])


def widgets(workflow: Workflow) -> dict[int, Any]:
    return {node["id"]: node.get("widgets_values", []) for node in workflow["nodes"]}
