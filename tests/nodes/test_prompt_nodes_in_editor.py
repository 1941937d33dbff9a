"""The nodes about prompts in ComfyUI's own graph editor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.comfyui.servers import ComfyUI

from .editor import Editor, editor_at

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

CONNECT = """wanted => {
  const made = {};
  const node = (type) => {
    if (!made[type]) app.graph.add((made[type] = LiteGraph.createNode(type)));
    return made[type];
  };
  return wanted.map(([from, output, to, input]) => {
    const slot = node(from).outputs.findIndex(({ name }) => name === output);
    const place = node(to).inputs.findIndex(({ name }) => name === input);
    return Boolean(node(from).connect(slot, node(to), place));
  });
}"""
"""Draws links as a person does, and says of each whether the editor let it be."""


@pytest.fixture(scope="module")
def editor(browser: Browser, comfyui_with_pack: ComfyUI) -> Iterator[Editor]:
    with editor_at(browser, comfyui_with_pack) as opened:
        yield opened


def test_the_editor_lets_parameters_be_linked_to_what_they_are_for(editor: Editor) -> None:
    links = [
        ("steps", "KSampler", "steps"),
        ("cfg", "KSampler", "cfg"),
        ("sampler", "KSampler", "sampler_name"),
        ("scheduler", "KSampler", "scheduler"),
        ("sampler", "KSamplerSelect", "sampler_name"),
        ("scheduler", "BasicScheduler", "scheduler"),
        ("width", "EmptyLatentImage", "width"),
        ("height", "EmptyLatentImage", "height"),
    ]
    wanted = [["VibesParameters", output, to, name] for output, to, name in links]
    wanted += [
        ["VibesCheckpointPool", "checkpoint name", "VibesParameters", "checkpoint"],
        ["VibesAutoLora", "loras", "VibesParameters", "loras"],
        ["VibesCheckpointPool", "checkpoint name", "VibesExplain", "checkpoint"],
        ["VibesAutoLora", "loras", "VibesExplain", "loras"],
    ]
    assert editor.page.evaluate(CONNECT, wanted) == [True] * len(wanted)


def test_the_editor_still_tells_a_text_from_a_list(editor: Editor) -> None:
    wanted = [["VibesParameters", "report", "KSampler", "sampler_name"]]
    assert editor.page.evaluate(CONNECT, wanted) == [False]


def test_what_was_found_is_shown_also_after_another_tab_and_stored_nowhere(editor: Editor) -> None:
    graph: dict[str, Any] = {
        "1": {
            "class_type": "VibesPromptAnalysis",
            "inputs": {"prompt": "a portrait photo of a woman at sunset"},
            "_meta": {"title": "Prompt Analysis"},
        }
    }
    editor.load(graph)
    editor.run()
    editor.show("VibesPromptAnalysis")
    shown = editor.page.locator("textarea[readonly]")
    expect(shown).to_have_value(re.compile("^Style: photo", re.MULTILINE))
    stored = editor.page.evaluate("app.graph.serialize().nodes[0].widgets_values")
    assert stored == ["a portrait photo of a woman at sunset"]
    sent = editor.page.evaluate("app.graphToPrompt().then(({ output }) => output[1].inputs)")
    assert sent == {"prompt": "a portrait photo of a woman at sunset"}

    editor.page.evaluate("app.extensionManager.command.execute('Comfy.NewBlankWorkflow')")
    expect(shown).to_have_count(0)
    editor.page.get_by_role("button", name=re.compile("^test")).click()
    editor.show("VibesPromptAnalysis")
    expect(shown).to_have_value(re.compile("^Style: photo", re.MULTILINE))
