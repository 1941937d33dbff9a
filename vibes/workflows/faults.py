"""What keeps a marked workflow from being a template: one sentence for each reason.

Nodes are named as a person finds them in the editor, by title and id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from .markers import marker_faults
from .template import EDGE_SLOTS, REQUIRED_SLOTS, Slot, is_link

NO_OUTPUT = (
    "The workflow has no Studio Output: put one in place of the Save Image whose picture the "
    "studio is to show."
)
_WHY_MISSING = {
    "checkpoint": (
        "The workflow marks no checkpoint: lead a Studio Input with the slot 'checkpoint' to its "
        "loader's ckpt_name. The studio learns which checkpoints you pick, so it must choose them."
    ),
    "prompt": (
        "The workflow marks no prompt: lead a Studio Input with the slot 'prompt' to the text the "
        "picture is made from."
    ),
    "seed": (
        "The workflow marks no seed: lead a Studio Input with the slot 'seed' to the sampler, or "
        "all pictures of a grid would be the same."
    ),
    "filename_prefix": (
        "The workflow marks no filename_prefix: name it in the property vibes_slots of the node "
        "that saves."
    ),
}


class Marked(NamedTuple):
    """A graph in API format with everything in it that is marked, as often as it is."""

    graph: dict[str, dict[str, Any]]
    slots: list[tuple[str, Slot]]
    outputs: list[str]


def problems(marked: Marked) -> Iterator[str]:
    """Everything that is in the way, each named by the nodes concerned."""
    graph = marked.graph
    for node_id, fault in marker_faults(graph):
        yield f"{_shown(graph, node_id)}: {fault}"
    yield from _link_faults(graph)
    if not marked.outputs:
        yield NO_OUTPUT
    elif len(marked.outputs) > 1:
        yield f"{_these(graph, marked.outputs)} both save for the studio; keep one."
    else:
        yield from _astray(marked)
    yield from _slot_faults(marked)


def _slot_faults(marked: Marked) -> Iterator[str]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, slot in marked.slots:
        places[name].append(slot.node)
    for name, nodes in places.items():
        if len(nodes) > 1 and not (name == "filename_prefix" and len(marked.outputs) > 1):
            yield f"{_these(marked.graph, nodes)} are both for the slot '{name}'; keep one."
    for name in sorted(REQUIRED_SLOTS - places.keys()):
        if name != "filename_prefix" or marked.outputs:
            yield _WHY_MISSING[name]
    if len(EDGE_SLOTS & places.keys()) == 1:
        there, missing = sorted(EDGE_SLOTS, key=lambda name: name not in places)
        yield f"The slot '{there}' is marked, '{missing}' is not: LoRAs change both."


def _link_faults(graph: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for node_id, node in graph.items():
        for name, value in node["inputs"].items():
            if is_link(value) and value[0] not in graph:
                yield (
                    f"{_shown(graph, node_id)}: its input '{name}' comes from node {value[0]}, "
                    "which is not in the file."
                )
    try:
        TopologicalSorter({key: _parents(graph, key) for key in graph}).prepare()
    except CycleError as error:
        yield f"{_these(graph, error.args[1][:-1])} feed each other in a circle."


def _astray(marked: Marked) -> Iterator[str]:
    """Slots that change nothing in the picture."""
    used = ancestors(marked)
    for name, slot in marked.slots:
        if slot.node in marked.graph and slot.node not in used:
            yield (
                f"{_shown(marked.graph, slot.node)} is for the slot '{name}', but leads nowhere: "
                "the picture is not made from it."
            )


def ancestors(marked: Marked) -> set[str]:
    """The nodes the saved picture is made from, that which saves it included."""
    found: set[str] = set()
    waiting = [node for node in marked.outputs if node in marked.graph]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += _parents(marked.graph, node)
    return found


def _parents(graph: Mapping[str, Mapping[str, Any]], node_id: str) -> list[str]:
    values = graph[node_id]["inputs"].values()
    return [value[0] for value in values if is_link(value) and value[0] in graph]


def _shown(graph: Mapping[str, Mapping[str, Any]], node_id: str) -> str:
    """How a person finds the node in the editor."""
    return f"Node '{graph[node_id]['_meta']['title']}' ({node_id})" if node_id in graph else node_id


def _these(graph: Mapping[str, Mapping[str, Any]], nodes: Sequence[str]) -> str:
    shown = [_shown(graph, node).removeprefix("Node ") for node in nodes]
    return f"Nodes {', '.join(shown[:-1])} and {shown[-1]}" if shown[1:] else f"Node {shown[0]}"
