"""The prompt of a ComfyUI graph: from what is saved back to the sampler, and on to its words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

Graph = Mapping[str, Any]
"""Nodes by id, as in ComfyUI's API format: ``inputs`` are values, or links [node, output]."""

MOST_NODES = 5_000

_ASKED = ("positive", "guider")
"""Inputs by which a sampler is told what to show."""

_CONDITIONINGS = (
    *("positive", "guider", "conditioning", "conditioning_1", "conditioning_2"),
    *("conditioning_to", "conditioning_from", "cond", "cond1", "cond2"),
)
"""Inputs that lead on to words, through nodes that combine or change what words became."""

_TEXTS = (
    *("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "populated_text"),
    *("prompt", "positive_prompt", "positive", "string", "value", "string_a", "string_b"),
    *("text_a", "text_b", "text_c", "text_d", "text1", "text2"),
)
"""Inputs that are words, or lead to them; at a node that has several, each is read."""

_SILENT = ("ConditioningZeroOut",)
_OFF = (2, 4)  # modes of nodes: muted, bypassed


def graph_prompt(graph: Graph) -> str | None:
    """What the last sampler before a saved picture was asked for; None where no words are found."""
    if len(graph) > MOST_NODES:
        return None
    for inputs in _backwards(graph):
        for name in _ASKED:
            words = dict.fromkeys(_words(graph, inputs[name])) if _link(inputs.get(name)) else {}
            if words:
                return ", ".join(words)
    return None


def api_graph(workflow: Mapping[str, Any]) -> Graph:
    """A graph as the editor saves it, in API format; of what is not as it should be, nothing.

    Nodes that are muted or bypassed are left out, and so is what lies in subgraphs.
    """
    nodes, links = workflow.get("nodes"), workflow.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list):
        return {}
    origins = {
        link[0]: [str(link[1]), link[2]]
        for link in links
        if isinstance(link, list) and len(link) >= 3 and type(link[0]) is int
    }
    return {
        str(node.get("id")): {"class_type": node.get("type"), "inputs": _named(node, origins)}
        for node in nodes
        if isinstance(node, dict) and node.get("mode") not in _OFF
    }


def _named(node: Mapping[str, Any], origins: Mapping[int, list[Any]]) -> dict[str, Any]:
    """A node's values by the names of its widgets; in old files, which do not tell them, a text."""
    slots = node.get("inputs")
    slots = [slot for slot in slots if isinstance(slot, dict)] if isinstance(slots, list) else []
    values = node.get("widgets_values")
    values = values if isinstance(values, list) else []
    names = [str(slot.get("name")) for slot in slots if slot.get("widget")]
    if not set(names) & set(_TEXTS):
        names, values = ["text"], [value for value in values if isinstance(value, str)]
    linked = {
        str(slot.get("name")): origins[slot["link"]]
        for slot in slots
        if type(slot.get("link")) is int and slot["link"] in origins
    }
    return {**dict(zip(names, values, strict=False)), **linked}


def _backwards(graph: Graph) -> Iterator[Mapping[str, Any]]:
    """The inputs of every node, from those that save a picture towards what it was made of."""
    used = {link[0] for node in graph.values() for link in _links(node)}
    ends = [key for key in graph if key not in used]
    ends.sort(key=lambda key: "save" not in str(_class(graph[key])).lower())
    waiting, seen = deque(ends), set(ends)
    while waiting:
        node = graph[waiting.popleft()]
        yield _inputs(node)
        for key, _ in _links(node):
            if key in graph and key not in seen:
                seen.add(key)
                waiting.append(key)


def _words(graph: Graph, start: object) -> Iterator[str]:
    """Every text that ``start`` leads to, in the order of the inputs."""
    waiting, seen = [start], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and value.strip():
            yield value.strip()
        link = _link(value)
        if not link or link in seen or _class(graph.get(link[0])) in _SILENT:
            continue
        seen.add(link)
        waiting += reversed(_followed(_inputs(graph.get(link[0])), link[1]))


def _followed(inputs: Mapping[str, Any], output: int) -> list[Any]:
    """What to follow at a node: what leads to words, else words, else the only way there is."""
    if _link(inputs.get("positive")) and _link(inputs.get("negative")):
        return [inputs["negative" if output == 1 else "positive"]]
    further = [inputs[name] for name in _CONDITIONINGS if _link(inputs.get(name))]
    if not further:
        further = [inputs[name] for name in _TEXTS if name in inputs]
    ways = [value for value in inputs.values() if _link(value)]
    return further or (ways if len(ways) == 1 else [])


def _class(node: object) -> object:
    return node.get("class_type") if isinstance(node, dict) else None


def _inputs(node: object) -> Mapping[str, Any]:
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _links(node: object) -> list[tuple[str, int]]:
    return [link for value in _inputs(node).values() if (link := _link(value))]


def _link(value: object) -> tuple[str, int] | None:
    """The node and the number of its output; None for any other value."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    node, output = value
    return (str(node), output) if isinstance(node, (str, int)) and type(output) is int else None
