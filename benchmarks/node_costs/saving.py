"""Saving a picture of 1024² by the pack's node, against ComfyUI's own."""

from __future__ import annotations

from statistics import median
from uuid import uuid4

import numpy as np
from PIL import Image, ImageFilter

from tests.comfyui.servers import CHECKPOINTS
from vibes.workflows import PACK_SAVE

from .graphs import Graph, core_models, node, sampled
from .server import Server

SIDE = 1024
RUNS = 15
WORKFLOW = {"nodes": [{"id": number, "widgets_values": ["x" * 200]} for number in range(60)]}
"""As large as the graph of a person who takes some trouble."""


def measure(server: Server, runs: int = RUNS) -> dict[str, float]:
    """Milliseconds of each node, medians of runs in turn, and the first one that hashes files."""
    _draw(server)
    server.milliseconds(_graph("SaveImage"), workflow=WORKFLOW)  # all but saving is cached now
    first = server.milliseconds(_graph(PACK_SAVE), workflow=WORKFLOW)
    core, pack = [], []
    for _ in range(runs):
        core.append(server.milliseconds(_graph("SaveImage"), workflow=WORKFLOW))
        pack.append(server.milliseconds(_graph(PACK_SAVE), workflow=WORKFLOW))
    return {
        "core_save_ms": median(core),
        "save_ms": median(pack),
        "first_save_ms": first,
        "save_ratio": median(pack) / median(core),
    }


def _draw(server: Server) -> None:
    """A picture that packs as photographs do: soft shapes under a little grain."""
    rng = np.random.default_rng(1)
    small = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
    soft = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
    grain = rng.normal(0, 2, (SIDE, SIDE, 3))
    pixels = np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(server.base / "input" / "large.png")


def _graph(class_type: str) -> Graph:
    """A drawn picture with a sampled one in its corner, so that there is a maker to be told."""
    models = core_models(CHECKPOINTS[0])
    return {
        **sampled(*models, prompt="a lighthouse on a cliff at sunset"),
        "7": node("LoadImage", image="large.png"),
        "8": node(
            "ImageCompositeMasked",
            destination=["7", 0],
            source=["6", 0],
            x=0,
            y=0,
            resize_source=False,
        ),
        "9": node(class_type, images=["8", 0], filename_prefix=f"benchmark/{uuid4().hex}"),
    }
