"""Every input of every node is explained, in every language; the definitions are ComfyUI's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
DEFINITIONS: dict[str, Any] = json.loads(Path(__file__).with_name("object_info.json").read_text())
LANGUAGES = sorted(path.name for path in (REPOSITORY / "locales").iterdir())


def inputs(node: str) -> set[str]:
    """Those a person sees: what ComfyUI itself hands over is hidden."""
    groups = DEFINITIONS[node]["input"]
    return {name for group in ("required", "optional") for name in groups.get(group, ())}


def texts(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        (REPOSITORY / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8")
    )
    return loaded


def test_english_and_chinese_are_there() -> None:
    assert {"en", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_names_and_explains_everything(language: str) -> None:
    texts_by_node = texts(language)
    assert texts_by_node.keys() == DEFINITIONS.keys()
    for node, text in texts_by_node.items():
        assert text["display_name"]
        assert text["description"]
        assert text["inputs"].keys() == inputs(node)
        assert len(text["outputs"]) == len(DEFINITIONS[node]["output"])
        for item in (*text["inputs"].values(), *text["outputs"].values()):
            assert item["name"]
            assert item["tooltip"]


def test_the_english_texts_are_those_of_the_definitions() -> None:
    for node, text in texts("en").items():
        definition = DEFINITIONS[node]
        assert text["display_name"] == definition["display_name"]
        assert text["description"] == definition["description"]
        outputs = [text["outputs"][str(n)]["name"] for n in range(len(definition["output_name"]))]
        assert outputs == definition["output_name"]
        assert all(item["name"] == name for name, item in text["inputs"].items())


@pytest.mark.parametrize("node", sorted(DEFINITIONS))
def test_a_node_s_help_page_covers_its_inputs_and_outputs(node: str) -> None:
    page = (REPOSITORY / "comfy_nodes" / "web" / "docs" / f"{node}.md").read_text(encoding="utf-8")
    before, _, after = page.partition("## Outputs")
    assert page.startswith(f"# {DEFINITIONS[node]['display_name']}\n")
    for name in inputs(node):
        assert f"**{name}**" in before
    for name in DEFINITIONS[node]["output_name"]:
        assert f"**{name}**" in after


def test_no_help_page_or_text_outlives_its_node() -> None:
    pages = {path.stem for path in (REPOSITORY / "comfy_nodes" / "web" / "docs").glob("*.md")}
    assert pages == set(DEFINITIONS)
