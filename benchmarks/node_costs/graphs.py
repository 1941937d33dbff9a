"""The graphs that are measured, in API format: a small sampled picture, and what may make it."""

from __future__ import annotations

from typing import Any

from tests.comfyui.servers import LORA

Node = dict[str, Any]
Graph = dict[str, Node]


def node(class_type: str, **inputs: Any) -> Node:
    """A node of a graph."""
    return {"class_type": class_type, "inputs": inputs}


def core_models(checkpoint: str) -> tuple[Node, Node]:
    """Core's loaders of a checkpoint and of the tiny LoRA, to be nodes "1" and "2"."""
    lora = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name=LORA)
    lora["inputs"] |= {"strength_model": 0.7, "strength_clip": 0.7}
    return node("CheckpointLoaderSimple", ckpt_name=checkpoint), lora


def sampled(checkpoint: Node, loras: Node, *, prompt: str) -> Graph:
    """A picture of 64² in one step, which node "6" gives; the models are nodes "1" and "2"."""
    return {
        "1": checkpoint,
        "2": loras,
        "3": node("CLIPTextEncode", clip=["2", 1], text=prompt),
        "4": node("EmptySD3LatentImage", width=64, height=64, batch_size=1),
        "5": node(
            "KSampler",
            model=["2", 0],
            positive=["3", 0],
            negative=["3", 0],
            latent_image=["4", 0],
            seed=1,
            steps=1,
            cfg=1.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
    }
