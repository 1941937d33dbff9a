"""The pictures of a folder, in an order that is the same every time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def pictures_in(folder: Path, *, recursive: bool = False) -> Iterator[Path]:
    """Files that look like pictures by their names: a folder's own first, then those below it.

    What is hidden is passed over; a folder that is met again, by a link, is passed over too, and so
    is one below ``folder`` that cannot be read. Raises OSError where ``folder`` itself cannot.
    """
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    yield from _walk(entries, {_identity(folder)}, recursive=recursive)


def _walk(
    entries: list[os.DirEntry[str]], seen: set[tuple[int, int]], *, recursive: bool
) -> Iterator[Path]:
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in shown:
        if Path(entry.name).suffix.lower() in ENDINGS and entry.is_file():
            yield Path(entry.path)
    for entry in shown if recursive else ():
        try:
            below = _new_entries(entry, seen)
        except OSError:  # gone, not ours to read, or a link to itself
            continue
        yield from _walk(below, seen, recursive=True)


def _new_entries(entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """What lies in a folder that was not met before; nothing of what is no folder."""
    if not entry.is_dir():
        return []
    identity = _identity(Path(entry.path))
    if identity in seen:
        return []
    seen.add(identity)
    return sorted(os.scandir(entry.path), key=lambda below: below.name)


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino
