"""A WebP of ours, dropped on ComfyUI's graph editor, brings its graph back."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.comfyui.servers import CHECKPOINTS, ComfyUI
from tests.nodes.test_on_comfyui import PACK, studio_graph
from vibes.recipes import Candidate
from vibes.workflows import PACK_SAVE

from .editor import editor_at

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

DROP = """async (data) => {
  const bytes = await (await fetch(`data:image/webp;base64,${data}`)).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "picture.webp", { type: "image/webp" }));
  return transfer;
}"""


def saved(server: ComfyUI, folder: str) -> Path:
    [file] = (server.base / "output" / folder).glob("*.webp")
    return file


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_dropped_on_the_editor_restores_the_graph(
    browser: Browser, comfyui_with_pack: ComfyUI, lossless: bool
) -> None:
    folder = f"editor-{uuid4().hex}"
    candidate = Candidate(CHECKPOINTS[0])
    classes = PACK | {PACK_SAVE}
    graph = studio_graph(candidate, prompt="a pier", seed=5, node_classes=classes, scoring=None)
    [save] = [node["inputs"] for node in graph.values() if node["class_type"] == PACK_SAVE]
    save.update(filename_prefix=f"{folder}/x", format="WebP", lossless=lossless)
    with editor_at(browser, comfyui_with_pack) as editor:
        editor.load(graph)
        editor.run()
        types = editor.node_types()
        editor.page.evaluate("app.extensionManager.command.execute('Comfy.NewBlankWorkflow')")
        editor.page.wait_for_function("app.graph.nodes.length === 0")
        data = base64.b64encode(saved(comfyui_with_pack, folder).read_bytes()).decode()
        transfer = editor.page.evaluate_handle(DROP, data)
        editor.page.dispatch_event("#graph-canvas", "drop", {"dataTransfer": transfer})
        editor.page.wait_for_function("app.graph.nodes.length > 0")
        assert editor.node_types() == types
