"""LoRA files are read once while they stay as they are, and few are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from comfy_nodes.lora_files import RecentFiles


class Reader:
    """Reads files, and remembers which."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: str) -> bytes:
        self.read.append(Path(path).name)
        return Path(path).read_bytes()


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_a_file_is_read_again_only_where_it_changed(reader: Reader, tmp_path: Path) -> None:
    recent, file = RecentFiles(reader), tmp_path / "a"
    file.write_bytes(b"one")
    assert [recent.content(str(file)) for _ in range(3)] == [b"one"] * 3
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert [recent.content(str(file)) for _ in range(2)] == [b"two"] * 2
    assert reader.read == ["a", "a"]


def test_those_used_longest_ago_go_first(reader: Reader, tmp_path: Path) -> None:
    recent = RecentFiles(reader, most_files=2)
    for name in "abc":
        (tmp_path / name).write_bytes(b"x")
    for name in "abacab":
        recent.content(str(tmp_path / name))
    assert "".join(reader.read) == "abcb"


def test_few_large_files_are_kept(reader: Reader, tmp_path: Path) -> None:
    recent = RecentFiles(reader, most_bytes=10)
    for name, size in (("small", 4), ("large", 7), ("huge", 11)):
        (tmp_path / name).write_bytes(b"x" * size)
    for name in ("small", "small", "large", "small", "huge", "huge"):
        recent.content(str(tmp_path / name))
    assert reader.read == ["small", "large", "small", "huge", "huge"]


def test_a_file_that_is_gone_is_an_error(reader: Reader, tmp_path: Path) -> None:
    recent, file = RecentFiles(reader), tmp_path / "a"
    file.write_bytes(b"x")
    recent.content(str(file))
    file.unlink()
    with pytest.raises(FileNotFoundError):
        recent.content(str(file))
