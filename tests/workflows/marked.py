"""Workflows marked by nodes, made out of the shipped ones, which are marked by properties."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

from vibes.settings import data_root
from vibes.workflows.template import EDGE_SLOTS, Template, load_template

Graph = dict[str, dict[str, Any]]


def with_markers(name: str, slots: Iterable[str] | None = None) -> Graph:
    """The graph of a shipped template in API format, these of its slots marked by nodes."""
    template = load_template(name)
    graph: Graph = json.loads(json.dumps(template.graph))
    wanted = set(template.slots if slots is None else slots) - {"filename_prefix"}
    for slot in sorted(wanted):
        _mark(graph, template, slot)
    saved = graph[template.outputs["image"]]
    saved["class_type"] = "VibesStudioOutput"
    return graph


def _mark(graph: Graph, template: Template, slot: str) -> None:
    node, name = template.slots[slot]
    inputs = graph[node]["inputs"]
    marker = {"slot": slot, "value": str(inputs[name])}
    if slot in EDGE_SLOTS:
        marker |= {"value": "", "passed": inputs[name]}
        readers = [one["inputs"] for one in graph.values()]
    elif slot == "source":  # the picture itself comes out, so the marker is in the loader's place
        marker["value"] = inputs["image"]
        graph[node] = _input(marker, slot)
        return
    else:
        readers = [inputs]
    before = copy.deepcopy(inputs[name])
    for reader in readers:
        for key, value in reader.items():
            if value == before and (slot in EDGE_SLOTS or key == name):
                reader[key] = [f"marks {slot}", 0]
    graph[f"marks {slot}"] = _input(marker, slot)


def _input(inputs: dict[str, Any], slot: str) -> dict[str, Any]:
    return {"class_type": "VibesStudioInput", "inputs": inputs, "_meta": {"title": f"The {slot}"}}


def editor_file(name: str) -> dict[str, Any]:
    """A shipped file of the graph editor."""
    loaded: dict[str, Any] = json.loads((data_root() / "workflows" / f"{name}.json").read_text())
    return loaded
