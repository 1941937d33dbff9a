"""Hashes of model files: true, and computed once."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from comfy_nodes.file_hashes import ModelHashes, Wanted
from vibes.storage import FileHash


class Shelf:
    """Keeps digests in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, FileHash] = {}

    def hashes(self) -> dict[str, FileHash]:
        return dict(self.kept)

    def put_hash(self, found: FileHash) -> None:
        self.kept[found.path] = found


HEADER = json.dumps({"__metadata__": {"sshs_model_hash": "f" * 64}}).encode()
WEIGHTS = bytes(range(256)) * 20_000  # five megabytes


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(HEADER).to_bytes(8, "little") + HEADER + WEIGHTS)
    (tmp_path / "x.safetensors.sha256").write_text("0" * 64)
    return path


def test_a_digest_is_the_file_s_own_whatever_stands_beside_or_inside_it(lora: Path) -> None:
    hashes = ModelHashes(Shelf())
    whole = hashes.of(Wanted(lora), read=lambda: None)
    assert whole == hashlib.sha256(lora.read_bytes()).hexdigest()
    content = hashes.of(Wanted(lora, content=True), read=lambda: None)
    assert content == hashlib.sha256(WEIGHTS).hexdigest()


def test_a_file_of_another_kind_is_all_content(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"\1\0\0\0\0\0\0\0abc")
    content = ModelHashes(Shelf()).of(Wanted(path, content=True), read=lambda: None)
    assert content == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_read_once_until_it_changes(lora: Path) -> None:
    shelf, reads = Shelf(), []

    def digest() -> str:
        return ModelHashes(shelf).of(Wanted(lora), read=lambda: reads.append(1))

    assert ModelHashes(shelf).unread([Wanted(lora)]) == lora.stat().st_size
    first = digest()
    assert (digest(), len(reads)) == (first, 2)  # two pieces of at most 4 MiB
    assert ModelHashes(shelf).unread([Wanted(lora)]) == 0
    os.utime(lora, ns=(1, 1))
    assert (digest(), len(reads)) == (first, 4)
    lora.write_bytes(lora.read_bytes() + b"more")
    assert digest() != first


def test_reading_ends_where_it_is_told_to_and_nothing_is_kept(lora: Path) -> None:
    class Interrupted(Exception):
        pass

    def read() -> None:
        raise Interrupted

    shelf = Shelf()
    with pytest.raises(Interrupted):
        ModelHashes(shelf).of(Wanted(lora), read=read)
    assert shelf.kept == {}
