"""Which models a sampler used, read from the chain of loaders before it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from vibes.errors import InvalidInput
from vibes.prompts.graphs import Graph, class_of, inputs_of, link_of, links_of
from vibes.recipes import LoraUse

from .build import PACK_CHECKPOINT, PACK_LORA
from .chosen import Recall
from .lora_list import parse_loras
from .tracing import value_of

_CHECKPOINTS = ("ckpt_name", "unet_name")
"""Inputs by which loaders of checkpoints, and of what makes pictures in them, name their file."""


class Models(NamedTuple):
    """In the spelling of the graph; None for what it does not tell."""

    checkpoint: str | None
    loras: tuple[LoraUse, ...] | None
    inert: frozenset[str]
    """Names of LoRAs that are known to have changed nothing."""


def models_behind(graph: Graph, value: object, recall: Recall) -> Models:
    """The models that a MODEL input leads to; the LoRAs in the order they were applied.

    A node that has to do with LoRAs and is not known here may have applied any: then none is told.
    """
    groups: list[tuple[LoraUse, ...] | None] = []
    seen: set[str] = set()
    inert: frozenset[str] = frozenset()
    while (link := link_of(value)) is not None and link[0] not in seen:
        seen.add(link[0])
        node = graph.get(link[0])
        inputs = inputs_of(node)
        if (chosen := recall(graph, link[0])) is not None:
            inert |= chosen.inert
        if any("lora" in name.lower() for name in (str(class_of(node)), *inputs)):
            groups.append(_loras(graph, link[0], inputs, recall))
        if not link_of(inputs.get("model")) and (
            name := _checkpoint(graph, link[0], inputs, recall)
        ):
            return Models(name, _together(groups), inert)
        value = _before(node)
    return Models(None, _together(groups), inert)


def _checkpoint(
    graph: Graph, node_id: str, inputs: Mapping[str, Any], recall: Recall
) -> str | None:
    """The file a loader loads, if the node is one and tells it."""
    chosen = recall(graph, node_id)
    if chosen is not None and chosen.checkpoint is not None:
        return chosen.checkpoint
    if class_of(graph.get(node_id)) == PACK_CHECKPOINT:
        fixed = value_of(graph, inputs.get("mode"), recall) == "fixed"
        names = [inputs.get("checkpoint")] if fixed else []
    else:
        names = [inputs[name] for name in _CHECKPOINTS if name in inputs]
    found = (value_of(graph, name, recall) for name in names)
    return next((name for name in found if isinstance(name, str) and name), None)


def _loras(
    graph: Graph, node_id: str, inputs: Mapping[str, Any], recall: Recall
) -> tuple[LoraUse, ...] | None:
    """What a node that applies LoRAs applied; None where it does not say."""
    chosen = recall(graph, node_id)
    if chosen is not None:
        return chosen.loras
    if class_of(graph.get(node_id)) == PACK_LORA:
        return _explicit(*(value_of(graph, inputs.get(name), recall) for name in ("mode", "loras")))
    name = value_of(graph, inputs.get("lora_name"), recall)
    strength = value_of(graph, inputs.get("strength_model"), recall)
    if not isinstance(name, str) or not isinstance(strength, int | float) or not isfinite(strength):
        return None
    if strength == 0:  # switched off, unless it still changes what the words become
        return () if value_of(graph, inputs.get("strength_clip", 0), recall) == 0 else None
    return (LoraUse(name, float(strength)),)


def _explicit(mode: object, loras: object) -> tuple[LoraUse, ...] | None:
    if mode == "off":
        return ()
    if mode != "explicit" or not isinstance(loras, str):
        return None
    try:
        return parse_loras(loras)
    except InvalidInput:
        return None


def _together(groups: list[tuple[LoraUse, ...] | None]) -> tuple[LoraUse, ...] | None:
    """All of them, the last read first; None where one group is not known."""
    known = [group for group in groups if group is not None]
    if len(known) < len(groups):
        return None
    return tuple(use for group in reversed(known) for use in group)


def _before(node: object) -> object:
    """The input that hands a node its model: the one of that name, else its only link."""
    inputs = inputs_of(node)
    if link_of(inputs.get("model")):
        return inputs["model"]
    return list(links_of(node)[0]) if len(links_of(node)) == 1 else None
