"""Files that are there whole or not at all, whenever the power goes."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".part"
"""How a file ends that is still being written."""


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write beside ``path``, then rename: a reader never sees a part, a crash leaves none there.

    It is on the disk when this returns; ``private`` lets nobody but its owner read it, from the
    first byte on. One writer per path at a time. Raises OSError.
    """
    _make_folder(path.parent)
    part = path.with_suffix(PART)
    try:
        if private:
            part.unlink(missing_ok=True)  # one left by a crash would keep its mode
        mode = 0o600 if private else 0o666
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError:
        part.unlink(missing_ok=True)  # on a full disk every byte counts
        raise


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name itself survive a loss of power: the file's own sync does not cover it."""
    if os.name == "nt":  # which cannot open folders, and journals names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
