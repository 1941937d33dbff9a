"""Graphs of core nodes over the tiny models, as dictionaries a test may break."""

from __future__ import annotations

import copy
from typing import Any

Graph = dict[str, dict[str, Any]]

CHECKPOINT, LORA, POSITIVE, NEGATIVE, EMPTY, SAMPLER, DECODE, SAVE = "12345678"

_DRAFT: Graph = {
    CHECKPOINT: {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "tiny-a.safetensors"},
    },
    LORA: {
        "class_type": "LoraLoader",
        "inputs": {
            "model": [CHECKPOINT, 0],
            "clip": [CHECKPOINT, 1],
            "lora_name": "tiny-lora.safetensors",
            "strength_model": 0.7,
            "strength_clip": 0.7,
        },
    },
    POSITIVE: {"class_type": "CLIPTextEncode", "inputs": {"text": "a beach", "clip": [LORA, 1]}},
    NEGATIVE: {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": [LORA, 1]}},
    EMPTY: {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": 64, "height": 96, "batch_size": 1},
    },
    SAMPLER: {
        "class_type": "KSampler",
        "inputs": {
            "model": [LORA, 0],
            "positive": [POSITIVE, 0],
            "negative": [NEGATIVE, 0],
            "latent_image": [EMPTY, 0],
            "seed": 1,
            "steps": 2,
            "cfg": 1.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    DECODE: {
        "class_type": "VAEDecode",
        "inputs": {"samples": [SAMPLER, 0], "vae": [CHECKPOINT, 2]},
    },
    SAVE: {
        "class_type": "SaveImage",
        "inputs": {"images": [DECODE, 0], "filename_prefix": "draft"},
    },
}


def draft(**changes: Any) -> Graph:
    """Return a text-to-image graph of 64 x 96 px; *changes* set any node's input of that name."""
    graph = copy.deepcopy(_DRAFT)
    for name, value in changes.items():
        nodes = [node for node in graph.values() if name in node["inputs"]]
        assert nodes, f"no node has an input {name}"
        for node in nodes:
            node["inputs"][name] = value
    return graph
