"""What made a picture, read from the graph that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from vibes.prompts.graphs import Graph, words_at
from vibes.recipes import Candidate, LoraUse

from .chosen import Chosen, Recall
from .loaders import models_behind
from .tracing import first_size, samplers_before, settings_of, value_of

MOST_NODES = 5_000
"""A graph of more nodes than people make is not read."""

_SAMPLED = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "cfg": ("cfg",),
    "sampler": ("sampler_name",),
    "scheduler": ("scheduler",),
    "denoise": ("denoise",),
}
"""What is read at a sampler, and the inputs it may stand in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What made a picture, as far as its graph tells; None where it does not.

    Models are in the spelling of the graph's server. The size, in pixels, is the one the picture
    began with; ``denoise`` is the share the last sampler redrew, 0 to 1. ``inert`` are the names of
    LoRAs that are known to have changed nothing.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    checkpoint: str | None = None
    loras: tuple[LoraUse, ...] | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    denoise: float | None = None
    width: int | None = None
    height: int | None = None
    inert: frozenset[str] = frozenset()

    @property
    def candidate(self) -> Candidate | None:
        """Checkpoint and the LoRAs that changed something; None where either is not known."""
        if self.checkpoint is None or self.loras is None:
            return None
        told = (use for use in self.loras if use.strength and use.name not in self.inert)
        return Candidate(self.checkpoint, tuple(told))


def read_making(graph: Graph, node_id: str, recall: Recall) -> Making:
    """What made the picture that arrives at a node, by the last sampler on its way there.

    Where several samplers made it, or several pictures, that is told on which all agree.
    """
    if len(graph) > MOST_NODES:
        return Making()
    remember = _once(recall)
    found = [_made_by(graph, sampler, remember) for sampler in samplers_before(graph, node_id)]
    if not found:
        return Making()
    names = [field.name for field in fields(Making)]
    told = {name: [getattr(one, name) for one in found] for name in names}
    return Making(**{name: values[0] for name, values in told.items() if _agree(values)})


def _made_by(graph: Graph, sampler: str, recall: Recall) -> Making:
    inputs = settings_of(graph, sampler)
    models = models_behind(graph, inputs.get("model"), recall)
    width, height = first_size(graph, sampler, recall)
    known = {
        name: next((value_of(graph, inputs[key], recall) for key in keys if key in inputs), None)
        for name, keys in _SAMPLED.items()
    }
    return Making(
        prompt=_words(graph, inputs, ("positive", "conditioning"), recall),
        negative_prompt=_words(graph, inputs, ("negative",), recall),
        **models._asdict(),
        seed=_whole(known["seed"]),
        steps=_whole(known["steps"]),
        cfg=_number(known["cfg"]),
        sampler=_text(known["sampler"]),
        scheduler=_text(known["scheduler"]),
        denoise=_redrawn(graph, inputs, known, recall),
        width=_whole(width),
        height=_whole(height),
    )


def _words(
    graph: Graph, inputs: Mapping[str, Any], names: tuple[str, ...], recall: Recall
) -> str | None:
    def told(node_id: str, output: int) -> object:
        chosen = recall(graph, node_id)
        return chosen.outputs.get(output) if chosen else None

    links = (inputs[name] for name in names if isinstance(inputs.get(name), list))
    return words_at(graph, next(links, None), told)


def _redrawn(
    graph: Graph, inputs: Mapping[str, Any], known: Mapping[str, object], recall: Recall
) -> float | None:
    """The share that is redrawn; of a sampler that starts late, the share of its steps."""
    start = _whole(value_of(graph, inputs.get("start_at_step"), recall))
    steps = _whole(known["steps"])
    if start is not None and steps:
        return max(0.0, 1 - start / steps)
    return _number(known["denoise"])


def _once(recall: Recall) -> Recall:
    """The same, asked once for each node: several questions lead through the same ones."""
    known: dict[str, Chosen | None] = {}

    def remember(graph: Graph, node_id: str) -> Chosen | None:
        if node_id not in known:
            known[node_id] = recall(graph, node_id)
        return known[node_id]

    return remember


def _agree(values: list[object]) -> bool:
    return all(value == values[0] for value in values)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    """A finite number, as a float."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        return None
    return float(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
