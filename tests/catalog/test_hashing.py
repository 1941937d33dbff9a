from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vibes.catalog.hashing import sha256_of


def test_the_digest_is_that_of_the_whole_file(tmp_path: Path) -> None:
    data = b"weights" * 1_000_000
    (tmp_path / "x").write_bytes(data)
    assert sha256_of(tmp_path / "x") == hashlib.sha256(data).hexdigest()


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"weights" * 1_000_000)
    assert sha256_of(tmp_path / "x", stop=lambda: True) is None


def test_a_file_that_went_away_is_an_error_to_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sha256_of(tmp_path / "gone")
