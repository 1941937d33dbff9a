"""The SHA-256 of a model file: the one name of its content that is the same everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

_CHUNK = 4 * 1024 * 1024  # bytes


def sha256_of(path: Path, *, stop: Callable[[], bool] = lambda: False) -> str | None:
    """The digest in lower case; None where ``stop`` became true before the end.

    Raises OSError where the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if stop():
                return None
            digest.update(chunk)
    return digest.hexdigest()
