"""This project's own nodes, as far as a server that paints without a model can play them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vibes.workflows import (
    NO_SCORE_MODEL,
    PACK_SAVE,
    PACK_SCORE,
    SCORE_MODEL,
    Making,
    format_loras,
    infotext,
    parse_loras,
    read_making,
    read_record,
    record_of_making,
)
from vibes.workflows.markers import MARKED_SLOTS, MARKER_INPUT, MARKER_OUTPUT, typed_value

from . import nodes
from .fitting import matched_keys
from .machine import Machine
from .node_table import ANYTHING, NODES, Files, Node, integer, link, one_of
from .run import Run
from .values import Clip, Model, Pictures, Result

_LARGEST_SEED = 2**64 - 1
_MODULE = "custom_nodes.vibes-imgen"
_SCORES = "vibes_scores"


async def checkpoint_pool(
    run: Run,
    *,
    mode: str,
    tier: str = "auto",
    checkpoint: str = "",
    prompt: str = "",
    seed: int = 0,
) -> Result:
    """The checkpoint named; else, where a real one chooses by the prompt, any by the seed."""
    names = run.machine.models.names("checkpoints")
    name = checkpoint if mode == "fixed" else names[seed % len(names)]
    if name not in names:
        raise FileNotFoundError(f"There is no checkpoint '{name}' here.")
    loaded = await nodes.load_checkpoint(run, ckpt_name=name)
    return Result((*loaded, name, f"It loads {name}."), {"vibes_checkpoint": [name]})


def auto_lora(
    run: Run,
    *,
    model: Model,
    clip: Clip,
    mode: str,
    prompt: str = "",
    loras: str = "",
    max_loras: int = 3,
    seed: int = 0,
) -> Result:
    """The LoRAs listed, with the weights each changes; none of its own choice."""
    report = []
    uses = parse_loras(loras) if mode == "explicit" else ()
    for use in uses:
        if run.machine.models.file("loras", use.name) is None:
            raise FileNotFoundError(f"There is no LoRA '{use.name}' here.")
        keys = matched_keys(run.machine.models, model.checkpoint, use.name)
        model = model.with_lora(use.name, use.strength) if keys else model
        report.append({"name": use.name, "strength": use.strength, "keys": keys})
    told = "It applies what is listed."
    outputs = (model, clip, prompt, told, format_loras(uses))
    return Result(outputs, {"vibes_loras": report})


def clip_score(run: Run, *, image: Pictures, text: str, model: str) -> Result:
    """The pictures as they are, with what a lent scorer says of them."""
    scorer = run.machine.scorer
    if scorer is None or model not in scorer.models:
        return Result((image, 0.0, f"Not scored. There is no '{model}' here."), {_SCORES: []})
    scores, reports = zip(*(scorer(picture, text, model) for picture in image), strict=True)
    mean = sum(scores) / len(scores)
    return Result((image, mean, f"Pictures: {len(scores)}"), {_SCORES: list(reports)})


def studio_input(run: Run, *, slot: str, value: str, passed: Any = None) -> tuple[Any]:
    """What comes in, else the value as what the slot holds."""
    if passed is not None:
        return (passed,)
    if slot == "source":
        return (nodes.load_image(run, image=value)[0],)
    return (typed_value(slot, value),)


def save_image(
    run: Run,
    *,
    images: Pictures,
    filename_prefix: str,
    format: str = "PNG",
    quality: int = 90,
    lossless: bool = False,
    metadata: str = "all",
    record: str = "",
) -> Result:
    """PNG files with all records; of the models' files, which are none, only the names."""
    making = read_making(run.graph, run.node, lambda graph, node: None)
    beside = (run.extra_data.get("extra_pnginfo") or {}).get("vibes")
    given = read_record(record or json.dumps(beside or {}))
    whole = record_of_making(making, images[0].size).under(given)
    texts = {"vibes": json.dumps(whole.to_dict())}
    if parameters := infotext(whole, lora_hashes={}, version="Vibes"):
        texts["parameters"] = parameters
    saved = nodes.save_pictures(run, images=images, filename_prefix=filename_prefix, **texts)
    return Result((), {**saved, "vibes_files": [_files(making)]})


def _files(making: Making) -> dict[str, Any]:
    """What is told of the models' files: their names."""
    loras = making.loras and [{"name": use.name, "strength": use.strength} for use in making.loras]
    return {"checkpoint": making.checkpoint and {"name": making.checkpoint}, "loras": loras}


def _score_node(machine: Machine) -> Node:
    models = list(machine.scorer.models) if machine.scorer else [NO_SCORE_MODEL]
    return Node(
        clip_score,
        "CLIP Score",
        "Vibes/Scoring",
        {
            "image": link("IMAGE"),
            "text": ("STRING", {"default": "", "multiline": True}),
            SCORE_MODEL: one_of(models),
        },
        ("IMAGE", "FLOAT", "STRING"),
        module=_MODULE,
    )


PACK_NODES: Mapping[str, Node] = {
    "VibesCheckpointPool": Node(
        checkpoint_pool,
        "Checkpoint Pool",
        "Vibes/Models",
        {
            "mode": one_of(["explore", "quick", "fixed"], default="explore"),
            "tier": one_of(["auto"], default="auto"),
            "checkpoint": one_of(Files("checkpoints")),
            "prompt": ("STRING", {"default": "", "multiline": True}),
            "seed": integer(0, 0, _LARGEST_SEED, control_after_generate=True),
        },
        ("MODEL", "CLIP", "VAE", "STRING", "STRING"),
        module=_MODULE,
        optional=frozenset({"tier", "checkpoint", "prompt", "seed"}),
        hidden=("unique_id", "prompt"),
    ),
    "VibesAutoLora": Node(
        auto_lora,
        "Auto LoRA",
        "Vibes/Models",
        {
            "model": link("MODEL"),
            "clip": link("CLIP"),
            "mode": one_of(["auto", "explicit", "off"], default="auto"),
            "prompt": ("STRING", {"default": "", "multiline": True}),
            "loras": ("STRING", {"default": "", "multiline": False}),
            "max_loras": integer(3, 0, 10),
            "seed": integer(0, 0, _LARGEST_SEED, control_after_generate=True),
        },
        ("MODEL", "CLIP", "STRING", "STRING", "STRING"),
        module=_MODULE,
        optional=frozenset({"prompt", "loras", "max_loras", "seed"}),
        hidden=("unique_id", "prompt"),
    ),
    PACK_SAVE: Node(
        save_image,
        "Save with Recipe",
        "Vibes/Pictures",
        {
            "images": link("IMAGE"),
            "filename_prefix": ("STRING", {"default": "vibes/vibes", "multiline": False}),
            "format": one_of(["PNG"], default="PNG"),
            "quality": integer(90, 1, 100),
            "lossless": ("BOOLEAN", {"default": False}),
            "metadata": one_of(["all"], default="all"),
            "record": ("STRING", {"default": "", "multiline": True}),
        },
        module=_MODULE,
        is_output=True,
        optional=frozenset({"format", "quality", "lossless", "metadata", "record"}),
        hidden=("unique_id",),
    ),
    MARKER_INPUT: Node(
        studio_input,
        "Studio Input",
        "Vibes/Studio",
        {
            "slot": one_of(list(MARKED_SLOTS), default=MARKED_SLOTS[0]),
            "value": ("STRING", {"default": "", "multiline": True}),
            "passed": link(ANYTHING),
        },
        (ANYTHING,),
        module=_MODULE,
        optional=frozenset({"passed"}),
    ),
    MARKER_OUTPUT: Node(
        nodes.save_pictures,
        "Studio Output",
        "Vibes/Studio",
        {
            "images": link("IMAGE"),
            "filename_prefix": ("STRING", {"default": "vibes/own", "multiline": False}),
        },
        module=_MODULE,
        is_output=True,
    ),
}


def known_nodes(machine: Machine) -> Mapping[str, Node]:
    """Every node class the machine can run, by name."""
    if not machine.has_pack:
        return NODES
    return {**NODES, **PACK_NODES, PACK_SCORE: _score_node(machine)}
