"""From graph-editor files to API templates: ``python -m vibes.workflows.compile [--check]``.

The slots of an editor file are written in its nodes' property ``vibes_slots``, as
``seed steps sampler=sampler_name``: slot names, each with the input it fills where that is called
otherwise. ``vibes_output`` names the output of a node that saves. The properties panel of the graph
editor shows and edits both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vibes.errors import InvalidInput, VibesError
from vibes.settings import data_root

from .build import CORE_LORA
from .template import parse_template

ANNOTATIONS = frozenset({"MarkdownNote", "Note"})
"""Nodes that exist in the editor only."""

EDITOR_ONLY = None
"""A widget value of the editor itself: "control after generate", the upload button."""

WIDGETS: dict[str, tuple[str | None, ...]] = {
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CLIPTextEncode": ("text",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "KSampler": (
        *("seed", EDITOR_ONLY, "steps", "cfg"),
        *("sampler_name", "scheduler", "denoise"),
    ),
    "LoadImage": ("image", EDITOR_ONLY),
    "SaveImage": ("filename_prefix",),
    "VAEDecode": (),
    "VAEDecodeTiled": ("tile_size", "overlap", "temporal_size", "temporal_overlap"),
    "VAEEncode": (),
    "VAEEncodeTiled": ("tile_size", "overlap", "temporal_size", "temporal_overlap"),
}
"""Which inputs ``widgets_values`` holds, in its order, for each node class the templates use."""


def compile_workflow(workflow: dict[str, Any]) -> dict[str, Any]:
    """The API template of a graph-editor workflow, JSON-ready.

    Raises InvalidInput for a node this does not know or that is muted or bypassed.
    """
    nodes = [node for node in workflow["nodes"] if node["type"] not in ANNOTATIONS]
    nodes.sort(key=lambda node: int(node["id"]))
    links = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    slots = {name: slot for node in nodes for name, slot in _slots(node)}
    return {
        "graph": {str(node["id"]): _api_node(node, links) for node in nodes},
        "slots": slots,
        "outputs": {
            node["properties"]["vibes_output"]: str(node["id"])
            for node in nodes
            if "vibes_output" in node["properties"]
        },
        "needs": {
            "nodes": sorted({node["type"] for node in nodes} | _lora_classes(slots)),
            "models": [],
        },
    }


def compile_files(folder: Path) -> dict[Path, str]:
    """Text of every ``api/<name>.json`` that follows from the editor files in ``folder``."""
    texts = {}
    for path in sorted(folder.glob("*.json")):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps(compile_workflow(workflow), indent=2, ensure_ascii=False) + "\n"
        parse_template(path.stem, text, place=str(path))
        texts[folder / "api" / path.name] = text
    return texts


def _api_node(node: dict[str, Any], links: dict[int, list[Any]]) -> dict[str, Any]:
    if node["type"] not in WIDGETS:
        raise InvalidInput(
            f"Node {node['id']}: the widgets of a {node['type']} are not known here."
        )
    if node["mode"] != 0:
        raise InvalidInput(f"Node {node['id']} is muted or bypassed; remove it or switch it on.")
    names = WIDGETS[node["type"]]
    values = zip(names, node["widgets_values"], strict=True)
    inputs = {name: value for name, value in values if name is not EDITOR_ONLY}
    for socket in node["inputs"]:
        if socket["link"] is not None:
            inputs[socket["name"]] = links[socket["link"]]
    return {
        "class_type": node["type"],
        "inputs": inputs,
        "_meta": {"title": node.get("title", node["type"])},
    }


def _slots(node: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for item in node["properties"].get("vibes_slots", "").split():
        name, _, input_name = item.partition("=")
        yield name, [str(node["id"]), input_name or name]


def _lora_classes(slots: dict[str, Any]) -> set[str]:
    return {CORE_LORA} if "loras" in slots else set()


def main(arguments: list[str] | None = None) -> None:
    """Write the templates, or with ``--check`` exit 1 if a written one has fallen behind."""
    parser = argparse.ArgumentParser(prog="python -m vibes.workflows.compile", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args(arguments).check
    try:
        texts = compile_files(data_root() / "workflows")
    except VibesError as error:
        parser.exit(1, f"{error}\n")
    stale = [path for path, text in texts.items() if not _holds(path, text)]
    if check and stale:
        names = ", ".join(path.name for path in stale)
        parser.exit(1, f"Out of date in workflows/api: {names}. Run this without --check.\n")
    for path in stale:
        path.write_text(texts[path], encoding="utf-8")
    parser.exit(0, f"{len(texts)} templates, {len(stale)} written.\n")


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
