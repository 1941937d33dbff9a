"""The prompt of a ComfyUI graph: from what is saved back to the sampler, and on to its words.

A graph comes from anywhere: nothing that stands in one is an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Graph = Mapping[str, Any]
"""Nodes by id, as in ComfyUI's API format: ``inputs`` are values, or links [node, output]."""

Told = Callable[[str, int], object]
"""(node id, number of its output) -> the value known to have come out there, None for none."""

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
            if link_of(inputs.get(name)) and (words := words_at(graph, inputs[name])):
                return words
    return None


def words_at(graph: Graph, value: object, told: Told = lambda node, output: None) -> str | None:
    """The words a value is or leads to: empty where they are, None where there are none.

    What ``told`` knows of an output is believed before what leads to it.
    """
    found = list(_words(graph, value, told))
    return ", ".join(dict.fromkeys(filter(None, found))) if found else None


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
    used = {link[0] for node in graph.values() for link in links_of(node)}
    ends = [key for key in graph if key not in used]
    ends.sort(key=lambda key: "save" not in str(class_of(graph[key])).lower())
    waiting, seen = deque(ends), set(ends)
    while waiting:
        node = graph[waiting.popleft()]
        yield inputs_of(node)
        for key, _ in links_of(node):
            if key in graph and key not in seen:
                seen.add(key)
                waiting.append(key)


def _words(graph: Graph, start: object, told: Told) -> Iterator[str]:
    """Every text that ``start`` leads to, in the order of the inputs."""
    waiting, seen = [start], set()
    while waiting:
        value = waiting.pop()
        link = link_of(value)
        if not link or link in seen:
            if isinstance(value, str):
                yield value.strip()
            continue
        seen.add(link)
        if isinstance(known := told(*link), str):
            yield known.strip()
        elif class_of(graph.get(link[0])) in _SILENT:
            yield ""
        else:
            waiting += reversed(_followed(inputs_of(graph.get(link[0])), link[1]))


def _followed(inputs: Mapping[str, Any], output: int) -> list[Any]:
    """What to follow at a node: what leads to words, else words, else the only way there is."""
    if link_of(inputs.get("positive")) and link_of(inputs.get("negative")):
        return [inputs["negative" if output == 1 else "positive"]]
    further = [inputs[name] for name in _CONDITIONINGS if link_of(inputs.get(name))]
    if not further:
        further = [inputs[name] for name in _TEXTS if name in inputs]
    ways = [value for value in inputs.values() if link_of(value)]
    return further or (ways if len(ways) == 1 else [])


def class_of(node: object) -> object:
    """The class of a node; None for anything else."""
    return node.get("class_type") if isinstance(node, dict) else None


def inputs_of(node: object) -> Mapping[str, Any]:
    """The inputs of a node; none of anything else."""
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def links_of(node: object) -> list[tuple[str, int]]:
    """What a node is linked to, in the order of its inputs."""
    return [link for value in inputs_of(node).values() if (link := link_of(value))]


def link_of(value: object) -> tuple[str, int] | None:
    """The node and the number of its output; None for any other value."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    node, output = value
    return (str(node), output) if isinstance(node, (str, int)) and type(output) is int else None
