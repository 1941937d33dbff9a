from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_checkpoints import write_checkpoint, write_lora


def read(path: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file and the size of what follows it."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), len(data) - 8 - length


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    write_checkpoint(path, seed=1)
    return path


def test_tensors_fill_the_file_without_gaps(checkpoint: Path) -> None:
    header, size = read(checkpoint)
    del header["__metadata__"]

    offsets = [tensor["data_offsets"] for tensor in header.values()]

    assert [start for start, _ in offsets] == [0, *(end for _, end in offsets[:-1])]
    assert offsets[-1][1] == size


def test_a_checkpoint_is_a_few_megabytes(checkpoint: Path) -> None:
    assert checkpoint.stat().st_size < 7_000_000


def test_equal_seeds_give_equal_files(checkpoint: Path, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "same.safetensors", seed=1)
    write_checkpoint(tmp_path / "other.safetensors", seed=2)

    assert (tmp_path / "same.safetensors").read_bytes() == checkpoint.read_bytes()
    assert (tmp_path / "other.safetensors").read_bytes() != checkpoint.read_bytes()


def test_the_files_say_what_they_are_made_for(checkpoint: Path, tmp_path: Path) -> None:
    lora = tmp_path / "lora.safetensors"
    write_lora(lora, seed=1, trigger="speckled")

    kind = read(checkpoint)[0]["__metadata__"]["modelspec.architecture"]
    metadata = read(lora)[0]["__metadata__"]

    assert kind == "stable-diffusion-v3-medium"
    assert metadata["modelspec.architecture"] == f"{kind}/lora"
    assert json.loads(metadata["ss_tag_frequency"]) == {"10_tiny": {"speckled": 12}}
