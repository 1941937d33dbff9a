"""Writers of model files; a file takes hardly more room on a disk than its header."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from .layouts import Shape, checkpoint_shapes, lora_shapes

FAMILIES = ("sd15", "sd2", "sdxl", "sd3", "sd35_medium", "sd35_large", "flux")
_TRAINED_ON = {"sd15": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0", "flux": "flux1"}


def write_lora_file(
    path: Path,
    *,
    family: str,
    rank: int = 16,
    metadata: Mapping[str, str] | None = None,
    tags: Mapping[str, int] | None = None,
    trigger: str = "",
    format: str = "kohya",
) -> None:
    """Write a LoRA as a trainer does: ``kohya``, or with the names of ``peft`` or ``lycoris``.

    ``tags`` are the training pictures by what they showed, ``trigger`` the name of their folder.
    """
    written = {"ss_network_dim": str(rank), "ss_output_name": path.stem}
    if family in _TRAINED_ON:
        written["ss_base_model_version"] = _TRAINED_ON[family]
    if tags:
        written["ss_tag_frequency"] = json.dumps({f"10_{trigger or 'img'}": tags})
    _write(path, *_lora_text(family, rank, format), {**written, **(metadata or {})})


def write_checkpoint_file(
    path: Path, *, family: str, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a checkpoint with the tensors that tell its family."""
    write_safetensors(path, checkpoint_shapes(family), metadata or {})


def write_embedding_file(
    path: Path, *, width: int, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a textual inversion of one encoder."""
    write_safetensors(path, {"emb_params": (8, width)}, metadata or {})


def write_safetensors(path: Path, shapes: Mapping[str, Shape], metadata: Mapping[str, str]) -> None:
    """Write a file of half-precision tensors whose numbers are a hole."""
    _write(path, *_text(shapes), metadata)


@lru_cache(maxsize=64)
def _lora_text(family: str, rank: int, format: str) -> tuple[str, int]:
    return _text(lora_shapes(family, rank, format))


def _text(shapes: Mapping[str, Shape]) -> tuple[str, int]:
    """The tensors as a header lists them, and how many bytes they take."""
    entries: dict[str, object] = {}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": (offset, end)}
        offset = end
    return json.dumps(entries, separators=(",", ":")), offset


def _write(path: Path, tensors: str, size: int, metadata: Mapping[str, str]) -> None:
    text = tensors
    if metadata:
        comma = "," if len(tensors) > 2 else ""
        text = f'{{"__metadata__":{json.dumps(dict(metadata))}{comma}{tensors[1:]}'
    data = text.encode()
    data += b" " * (-len(data) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(data)) + data)
        file.truncate(8 + len(data) + size)
