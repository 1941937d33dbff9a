"""The way back through a graph: to the samplers that made a picture, and to what a value is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vibes.prompts.graphs import Graph, inputs_of, link_of, links_of

from .chosen import Recall

_ASKED = ("positive", "guider")
_DICE = ("seed", "noise_seed", "noise")
_PARTS = ("noise", "sampler", "sigmas", "guider")
"""Inputs by which a sampler that is made of several nodes is linked to them.

What a later one tells counts: the sigmas are computed for a model, by the guider's it is made.
"""

_PICTURES = ("latent_image", "samples", "latent", "pixels", "image", "images")
"""Inputs through which a picture comes in, in pixels or as a latent."""

_VALUES = ("passed", "value")
"""Inputs of a node that does no more than hold a value or hand one on."""


def samplers_before(graph: Graph, node_id: str) -> list[str]:
    """The last samplers on every way to a node, without those that only led to another of them."""
    last = list(_reached(graph, [node_id], stop=True))
    led = {
        earlier
        for sampler in last
        for earlier in _reached(graph, [sampler], stop=False)
        if earlier != sampler
    }
    return [sampler for sampler in last if sampler not in led]


def settings_of(graph: Graph, sampler: str) -> Mapping[str, Any]:
    """The inputs of a sampler, with those of the nodes it is made of."""
    own = inputs_of(graph.get(sampler))
    found: dict[str, Any] = {}
    for name in _PARTS:
        if (link := link_of(own.get(name))) is not None:
            found |= inputs_of(graph.get(link[0]))
    return {**found, **own}


def value_of(graph: Graph, value: object, recall: Recall) -> object:
    """What an input is, if links lead to a value that stands in the graph or is recalled."""
    seen = set()
    while (link := link_of(value)) is not None and link not in seen:
        seen.add(link)
        chosen = recall(graph, link[0])
        if chosen is not None and link[1] in chosen.outputs:
            return chosen.outputs[link[1]]
        inputs = inputs_of(graph.get(link[0]))
        value = next((inputs[name] for name in _VALUES if name in inputs), None)
    return value if link_of(value) is None else None


def first_size(graph: Graph, sampler: str, recall: Recall) -> tuple[object, object]:
    """Width and height where the picture began; None where no node says."""
    size: tuple[object, object] = None, None
    for inputs in _earlier(graph, sampler):
        if "width" in inputs and "height" in inputs:
            size = (
                value_of(graph, inputs["width"], recall),
                value_of(graph, inputs["height"], recall),
            )
    return size


def _reached(graph: Graph, start: list[str], *, stop: bool) -> Iterator[str]:
    """Samplers before these nodes; with ``stop`` none that lies before another on its way."""
    waiting, seen = list(start), set(start)
    while waiting:
        node_id = waiting.pop(0)
        if node_id not in start and _is_sampler(graph.get(node_id)):
            yield node_id
            if stop:
                continue
        for origin, _ in links_of(graph.get(node_id)):
            if origin in graph and origin not in seen:
                seen.add(origin)
                waiting.append(origin)


def _is_sampler(node: object) -> bool:
    inputs = inputs_of(node)
    asked = any(link_of(inputs.get(name)) for name in _ASKED)
    return asked and any(name in inputs for name in _DICE)


def _earlier(graph: Graph, node_id: str) -> Iterator[Mapping[str, Any]]:
    """The inputs of a node and of every node the picture went through before it."""
    seen = set()
    while node_id in graph and node_id not in seen:
        seen.add(node_id)
        inputs = inputs_of(graph[node_id])
        yield inputs
        links = (link_of(inputs.get(name)) for name in _PICTURES)
        node_id = next((link[0] for link in links if link), "")
