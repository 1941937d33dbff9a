"""From a template and a recipe to the graph one server runs.

Everything is an explicit constant: the same recipe gives the same graph, and graphs that share a
checkpoint share the inputs of its loader, so that a server's cache keeps the model in memory.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from vibes.errors import InvalidInput, NotFound
from vibes.recipes import LoraUse, Recipe

from .lora_list import format_loras
from .markers import MARKER_INPUT, MARKERS, without_markers
from .template import Template, is_link

Spelling = Callable[[str, str], str | None]
"""(kind, catalog name) -> the server's own spelling; None, or an error, where it is missing."""

EMPTY_LATENT = "EmptyLatentImage"
EMPTY_LATENT_BY_FAMILY = dict.fromkeys(
    ("sd3", "sd35_medium", "sd35_large", "flux"), "EmptySD3LatentImage"
)
"""Families whose latent has 16 channels; the nodes' inputs are the same."""

CORE_CHECKPOINT = "CheckpointLoaderSimple"
CORE_LORA = "LoraLoader"
PACK_CHECKPOINT = "VibesCheckpointPool"
PACK_LORA = "VibesAutoLora"
"""The pack's nodes give model, clip (and vae) at the same output indices as the core's."""

CORE_SAVE = "SaveImage"
PACK_SAVE = "VibesSaveImage"
"""Takes what the core's takes, and tells the files of the models beside the picture's."""

PACK_SCORE = "VibesClipScore"
SCORE_MODEL = "model"
"""The input of the scoring node whose choices are the models a server has."""
NO_SCORE_MODEL = "none installed"
"""Its one choice where there is none."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What the server is to score the picture by: a model as it calls it, and what was asked."""

    model: str
    text: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph in API format, and the id of the node that saves the picture."""

    graph: dict[str, Any]
    output_node: str


def build_graph(
    template: Template,
    recipe: Recipe,
    *,
    spelling: Spelling,
    source: str | None,
    prefix: str,
    node_classes: frozenset[str],
    family: str | None = None,
    scoring: Scoring | None = None,
) -> Graph:
    """The graph that makes the recipe's image on the server ``spelling`` speaks for.

    ``source`` is the file name the server gave the uploaded picture, ``prefix`` where the result
    is saved below its output folder, ``node_classes`` what it offers: the pack's nodes are used
    where it has them. ``family`` None keeps the template's latent, ``scoring`` None scores nothing.
    Raises NotFound for a model the server lacks and InvalidInput where template and recipe do not
    fit.
    """
    _check_fit(template, recipe, source)
    graph = copy.deepcopy(template.graph)
    checkpoint = _native(spelling, "checkpoint", recipe.candidate.checkpoint)
    loras = [
        LoraUse(_native(spelling, "lora", use.name), use.strength) for use in recipe.candidate.loras
    ]
    for name, value in _values(recipe, checkpoint, source, prefix).items():
        if slot := template.slots.get(name):
            _write(graph[slot.node], slot.input, value)
    if family in EMPTY_LATENT_BY_FAMILY:
        _swap_class(graph, EMPTY_LATENT, EMPTY_LATENT_BY_FAMILY[family])
    if loras:
        _insert_loras(graph, template, loras, use_pack=PACK_LORA in node_classes)
    if PACK_CHECKPOINT in node_classes:
        _use_pack_checkpoint(graph[template.slots["checkpoint"].node], checkpoint)
    if scoring is not None and PACK_SCORE in node_classes:
        _insert_scoring(graph, graph[template.outputs["image"]]["inputs"], scoring)
    if PACK_SAVE in node_classes and graph[template.outputs["image"]]["class_type"] == CORE_SAVE:
        graph[template.outputs["image"]]["class_type"] = PACK_SAVE
    if MARKERS - node_classes:
        graph = without_markers(graph)
    return Graph(graph, template.outputs["image"])


def graph_hash(graph: Graph) -> str:
    """SHA-256 of the graph as canonical JSON, in hex; the order of keys does not matter."""
    text = json.dumps(graph.graph, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_fit(template: Template, recipe: Recipe, source: str | None) -> None:
    slots = template.slots
    if source is None and "source" in slots:
        raise InvalidInput(f"The template '{template.name}' starts from a picture; none was given.")
    if source is not None and "source" not in slots:
        raise InvalidInput(f"The template '{template.name}' cannot start from a picture.")
    if recipe.candidate.loras and "loras" not in slots:
        raise InvalidInput(f"The template '{template.name}' has no place for LoRAs.")


def _native(spelling: Spelling, kind: str, name: str) -> str:
    native = spelling(kind, name)
    if native is None:
        raise NotFound(f"The server has no {kind} '{name}'.")
    return native


def _values(
    recipe: Recipe, checkpoint: str, source: str | None, prefix: str
) -> dict[str, str | int | float | None]:
    return {
        "checkpoint": checkpoint,
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt,
        "seed": recipe.seed,
        "width": recipe.width,
        "height": recipe.height,
        "steps": recipe.steps,
        "cfg": recipe.cfg,
        "sampler": recipe.sampler,
        "scheduler": recipe.scheduler,
        "denoise": recipe.denoise,
        "source": source,
        "filename_prefix": prefix,
    }


def _write(node: dict[str, Any], name: str, value: object) -> None:
    """Fill an input; a marker holds everything as text."""
    node["inputs"][name] = str(value) if node["class_type"] == MARKER_INPUT else value


def _swap_class(graph: dict[str, Any], old: str, new: str) -> None:
    for node in graph.values():
        if node["class_type"] == old:
            node["class_type"] = new


def _insert_loras(
    graph: dict[str, Any], template: Template, loras: list[LoraUse], *, use_pack: bool
) -> None:
    """Lead every reader of the marked edges through loaders, in the order of ``loras``."""
    model, clip = (
        graph[slot.node]["inputs"][slot.input]
        for slot in (template.slots["loras"], template.slots["loras_clip"])
    )
    chain = [_pack_lora(loras)] if use_pack else [_core_lora(use) for use in loras]
    ids = list(islice(_free_ids(graph), len(chain)))
    for node in graph.values():
        for name, value in node["inputs"].items():
            if value in (model, clip):
                node["inputs"][name] = [ids[-1], 0 if value == model else 1]
    for node_id, node in zip(ids, chain, strict=True):
        node["inputs"] = {"model": model, "clip": clip, **node["inputs"]}
        graph[node_id] = node
        model, clip = [node_id, 0], [node_id, 1]


def _insert_scoring(graph: dict[str, Any], saved: dict[str, Any], scoring: Scoring) -> None:
    """Lead the picture through the node on its way to the one that saves it, if there is a way."""
    if not is_link(saved.get("images")):
        return
    node_id = next(_free_ids(graph))
    inputs = {"image": saved["images"], "text": scoring.text, SCORE_MODEL: scoring.model}
    graph[node_id] = {"class_type": PACK_SCORE, "inputs": inputs}
    saved["images"] = [node_id, 0]


def _free_ids(graph: dict[str, Any]) -> Iterator[str]:
    return (str(n) for n in count(1) if str(n) not in graph)


def _core_lora(use: LoraUse) -> dict[str, Any]:
    strengths = {"strength_model": use.strength, "strength_clip": use.strength}
    return {"class_type": CORE_LORA, "inputs": {"lora_name": use.name, **strengths}}


def _pack_lora(loras: list[LoraUse]) -> dict[str, Any]:
    return {"class_type": PACK_LORA, "inputs": {"mode": "explicit", "loras": format_loras(loras)}}


def _use_pack_checkpoint(node: dict[str, Any], checkpoint: str) -> None:
    if node["class_type"] == CORE_CHECKPOINT:
        node["class_type"] = PACK_CHECKPOINT
        node["inputs"] = {"mode": "fixed", "checkpoint": checkpoint}
