"""SHA-256 of a model file: the one name of its content that is the same everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

CHUNK = 4 * 1024 * 1024
"""Bytes that are read at once."""


def sha256_of(
    path: Path, *, stop: Callable[[], bool] = lambda: False, start: int = 0
) -> str | None:
    """The digest in lower case, from byte ``start`` on; None where ``stop`` came true before.

    ``stop`` is asked after every 4 MiB. Raises OSError where the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(CHUNK):
            if stop():
                return None
            digest.update(chunk)
    return digest.hexdigest()


def content_start(path: Path) -> int:
    """Where the weights in a safetensors file begin, behind its header; 0 in any other file.

    Raises OSError where the file cannot be read.
    """
    if path.suffix.lower() not in (".safetensors", ".sft"):
        return 0
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    return start if start <= path.stat().st_size else 0
