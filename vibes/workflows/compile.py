"""From workflows to API templates: ``python -m vibes.workflows.compile [--check]`` for the shipped.

Where the studio may write is marked by ``VibesStudioInput`` and ``VibesStudioOutput`` nodes, or, in
the graph editor's own files, by a node's property ``vibes_slots``, as ``seed steps
sampler=sampler_name``: slot names, each with the input it fills where that is called otherwise.
``vibes_output`` names the output of a node that saves. The properties panel of the graph editor
shows and edits both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vibes.errors import FaultyWorkflow, VibesError
from vibes.settings import data_root

from .build import CORE_LORA
from .editor import EDITOR_ONLY, EXPORT, Widgets, editor_graph, read_editor
from .faults import Marked, ancestors, problems
from .markers import MARKER_INPUT, MARKER_OUTPUT, MARKERS, marked_slots
from .template import parse_template

WIDGETS: Widgets = {
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
    MARKER_INPUT: ("slot", "value"),
    MARKER_OUTPUT: ("filename_prefix",),
}
"""The widgets of each node class the shipped templates use; servers tell those of all others."""

NO_WORKFLOW = f"This is no workflow: bring a file that the graph editor saved, {EXPORT}."
_UPSCALER = "UpscaleModelLoader"


def compile_workflow(workflow: Mapping[str, Any], widgets: Widgets = WIDGETS) -> dict[str, Any]:
    """The API template of a workflow, JSON-ready: the editor's own file, or a graph in API format.

    Only what the marked picture is made from goes into it. ``widgets`` is what is known of the
    node classes. Raises FaultyWorkflow with everything that is in the way.
    """
    marked = _read(workflow, widgets)
    if found := list(islice(problems(marked), FaultyWorkflow.most + 1)):
        raise FaultyWorkflow(found)
    used = ancestors(marked)
    graph = {node_id: node for node_id, node in marked.graph.items() if node_id in used}
    slots = {name: list(slot) for name, slot in marked.slots}
    return {
        "graph": graph,
        "slots": slots,
        "outputs": {"image": marked.outputs[0]},
        "needs": {"nodes": _needed(graph, slots), "models": _models(graph)},
    }


def classes_of(workflow: Mapping[str, Any]) -> frozenset[str]:
    """The node classes that stand in a workflow of either form; raises FaultyWorkflow."""
    if "nodes" in workflow:
        return frozenset(node.type for node in read_editor(workflow).nodes)
    return frozenset(node["class_type"] for node in _api_graph(workflow).values())


def marks_anything(workflow: Mapping[str, Any]) -> bool:
    """Whether the editor's file says anything to the studio: some are for the editor alone."""
    read = read_editor(workflow)
    return bool({node.type for node in read.nodes} & MARKERS or [*read.marked(), *read.outputs()])


def compile_files(folder: Path) -> dict[Path, str]:
    """Text of every ``api/<name>.json`` that follows from the editor files in ``folder``."""
    texts = {}
    for path in sorted(folder.glob("*.json")):
        workflow = json.loads(path.read_text(encoding="utf-8"))
        if not marks_anything(workflow):
            continue
        text = json.dumps(compile_workflow(workflow), indent=2, ensure_ascii=False) + "\n"
        parse_template(path.stem, text, place=str(path))
        texts[folder / "api" / path.name] = text
    return texts


def _read(workflow: Mapping[str, Any], widgets: Widgets) -> Marked:
    if "nodes" not in workflow:
        graph = _api_graph(workflow)
        return Marked(graph, list(marked_slots(graph)), _savers(graph))
    editor = read_editor(workflow)
    graph = editor_graph(editor, widgets)
    slots = [*editor.marked(), *marked_slots(graph)]
    return Marked(graph, slots, [*editor.outputs(), *_savers(graph)])


def _api_graph(workflow: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The graph without what servers pass over; raises FaultyWorkflow where it is none."""
    if not workflow or not all(_is_node(node) for node in workflow.values()):
        raise FaultyWorkflow([NO_WORKFLOW])
    return {
        node_id: {
            "class_type": node["class_type"],
            "inputs": node["inputs"],
            "_meta": {"title": _own_title(node)},
        }
        for node_id, node in workflow.items()
    }


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def _own_title(node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    return str(meta.get("title") or node["class_type"]) if isinstance(meta, dict) else _class(node)


def _class(node: Mapping[str, Any]) -> str:
    return str(node["class_type"])


def _savers(graph: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [node_id for node_id, node in graph.items() if node["class_type"] == MARKER_OUTPUT]


def _needed(graph: Mapping[str, Mapping[str, Any]], slots: Mapping[str, Any]) -> list[str]:
    """The classes a server must have. Markers it need not: without them it gets plain values."""
    classes = {_class(node) for node in graph.values()} - MARKERS
    if MARKERS & {_class(node) for node in graph.values()}:
        classes |= {"SaveImage"} | ({"LoadImage"} if "source" in slots else set())
    return sorted(classes | ({CORE_LORA} if "loras" in slots else set()))


def _models(graph: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The model files named in the graph itself, of the kinds servers list."""
    names = {
        str(node["inputs"]["model_name"])
        for node in graph.values()
        if node["class_type"] == _UPSCALER and isinstance(node["inputs"].get("model_name"), str)
    }
    return [{"kind": "upscale_models", "name": name} for name in sorted(names)]


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
