"""Marker nodes: where a user's own workflow lets the studio write, and the one picture it reads.

A ``VibesStudioInput`` stands on the way to an input and names the slot it is for: its ``value``
goes on, or for the edges into which LoRAs are chained, what it was ``passed``. A
``VibesStudioOutput`` saves the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from vibes.errors import InvalidInput

from .template import EDGE_SLOTS, Slot, is_link

MARKER_INPUT = "VibesStudioInput"
MARKER_OUTPUT = "VibesStudioOutput"
MARKERS = frozenset({MARKER_INPUT, MARKER_OUTPUT})

MARKED_SLOTS = (
    *("prompt", "negative_prompt", "seed", "steps", "cfg", "sampler", "scheduler"),
    *("width", "height", "denoise", "checkpoint", "source", "loras", "loras_clip"),
)
"""What a ``VibesStudioInput`` may be for, in the order of its menu."""


class _Range(NamedTuple):
    kind: type[int] | type[float]
    low: int | float
    high: int | float


_NUMBERS = {
    "seed": _Range(int, 0, 2**64 - 1),
    "steps": _Range(int, 1, 10_000),
    "cfg": _Range(float, 0.0, 100.0),
    "width": _Range(int, 16, 16_384),
    "height": _Range(int, 16, 16_384),
    "denoise": _Range(float, 0.0, 1.0),
}

Graph = Mapping[str, Mapping[str, Any]]


def typed_value(slot: str, text: str) -> int | float | str:
    """What the text of a marker stands for: a number where the slot holds one.

    Raises InvalidInput, in one sentence, for a text that is no such number.
    """
    limits = _NUMBERS.get(slot)
    if limits is None:
        return text
    whole = limits.kind is int
    try:
        value = limits.kind(text)
        if limits.low <= value <= limits.high:
            return value
    except (ValueError, OverflowError):
        pass  # told below, with what would do
    kind = "a whole number" if whole else "a number"
    raise InvalidInput(
        f"The slot '{slot}' holds {kind} from {limits.low} to {limits.high}; '{text}' is not one."
    )


def without_markers(graph: Graph) -> dict[str, dict[str, Any]]:
    """The same graph for a server without the node pack: core nodes and plain values instead."""
    made = {node_id: _core_node(node) for node_id, node in graph.items() if not _stands_for(node)}
    for node in made.values():
        inputs = node["inputs"].items()
        node["inputs"] = {name: _behind(graph, value) for name, value in inputs}
    return made


def marked_slots(graph: Graph) -> Iterator[tuple[str, Slot]]:
    """Slot and place of every marker, twice where one is marked twice."""
    for node_id, node in graph.items():
        if node["class_type"] == MARKER_INPUT:
            slot = str(node["inputs"].get("slot"))
            yield slot, Slot(node_id, "passed" if slot in EDGE_SLOTS else "value")
        if node["class_type"] == MARKER_OUTPUT:
            yield "filename_prefix", Slot(node_id, "filename_prefix")


def marker_faults(graph: Graph) -> Iterator[tuple[str, str]]:
    """Markers that cannot work: the node's id, and what is wrong as the rest of a sentence."""
    for node_id, node in graph.items():
        if node["class_type"] == MARKER_INPUT:
            fault = _input_fault(node["inputs"])
        elif node["class_type"] == MARKER_OUTPUT:
            fault = _output_fault(node["inputs"])
        else:
            continue
        if fault is not None:
            yield node_id, fault


def _input_fault(inputs: Mapping[str, Any]) -> str | None:
    slot, passed = inputs.get("slot"), inputs.get("passed")
    if slot not in MARKED_SLOTS:
        return f"its slot is {slot!r}; choose one of {', '.join(MARKED_SLOTS)}."
    if slot in EDGE_SLOTS:
        return None if is_link(passed) else f"connect {_EDGES[slot]} to its input 'passed'."
    if is_link(passed):
        return f"disconnect its input 'passed': it would hide what the studio writes as {slot}."
    if not isinstance(inputs.get("value"), str | int | float):
        return "its value comes from another node; write it into the node, the studio replaces it."
    return None


_EDGES = {"loras": "the model", "loras_clip": "the text encoder (CLIP)"}


def _output_fault(inputs: Mapping[str, Any]) -> str | None:
    if not is_link(inputs.get("images")):
        return "connect the picture to its input 'images'."
    if is_link(inputs.get("filename_prefix")):
        return "its filename_prefix comes from another node; write it into the node."
    return None


def _stands_for(node: Mapping[str, Any]) -> bool:
    """Whether the node is nothing but what it passes on."""
    return bool(node["class_type"] == MARKER_INPUT and node["inputs"]["slot"] != "source")


def _core_node(node: Mapping[str, Any]) -> dict[str, Any]:
    if node["class_type"] == MARKER_INPUT:
        return {**node, "class_type": "LoadImage", "inputs": {"image": node["inputs"]["value"]}}
    if node["class_type"] == MARKER_OUTPUT:
        return {**node, "class_type": "SaveImage"}
    return dict(node)


def _behind(graph: Graph, value: Any) -> Any:
    """What a link leads to when markers are looked through."""
    while is_link(value) and _stands_for(graph[value[0]]):
        inputs = graph[value[0]]["inputs"]
        if not is_link(inputs.get("passed")):
            return typed_value(inputs["slot"], str(inputs["value"]))
        value = inputs["passed"]
    return value
