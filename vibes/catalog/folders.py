"""The model files of one folder: which there are, and what lies beside each.

Symbolic links are followed, each folder is entered once. What has a name that cannot be sent to a
server is skipped and told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .sidecars import sidecar_names

EXTENSIONS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl")
"""What ComfyUI takes for a model."""

_SKIPPED = frozenset((".git",))

Report = Callable[[str], None]
"""Takes a sentence about something that was skipped."""

Stamp = tuple[int, int]
"""Size in bytes and time of the last change in ns: a file with the same is the same."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A model file; ``name`` is its path from the root with the system's separators.

    ``place`` is where it lies: a text, since there may be thousands, of which few are looked into.
    """

    name: str
    place: str
    stamp: Stamp
    sidecars: tuple[tuple[str, Stamp], ...] = ()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.place)


def find_models(root: Path, report: Report) -> Iterator[FoundFile]:
    """Every model file below a folder; none where there is no such folder.

    Folders come before symbolic links to folders, so that what is reached both ways has the name
    of the place where it lies.
    """
    seen: set[tuple[int, int]] = set()
    folders, links = [""], list[str]()
    while folders or links:
        place = folders.pop() if folders else links.pop()
        entries = _entries(root, place, seen, report)
        prefix = os.path.join(place, "")  # noqa: PTH118 - of names, not of paths on disk
        beside = {entry.name for entry in entries if not _is_model(entry.name)}
        for entry in entries:
            name, is_folder = prefix + entry.name, _is_folder(entry)
            if not is_folder and entry.name in beside:
                continue
            if not name.isprintable():  # nor is what is no Unicode
                report(f"{_shown(name)} has a name that cannot be sent: rename it.")
            elif not is_folder:
                if file := _found(name, entry, beside, report):
                    yield file
            elif entry.name not in _SKIPPED:
                (links if entry.is_symlink() else folders).append(name)


def _is_model(name: str) -> bool:
    return name.casefold().endswith(EXTENSIONS)


def _entries(
    root: Path, place: str, seen: set[tuple[int, int]], report: Report
) -> list[os.DirEntry[str]]:
    """What is in one folder, sorted; nothing where it was read before or cannot be read."""
    folder = root / place
    try:
        about = folder.stat()
        if (about.st_dev, about.st_ino) in seen:
            return []
        seen.add((about.st_dev, about.st_ino))
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        report(f"The folder {_shown(str(folder))} cannot be read: {error.strerror}.")
        return []


def _found(
    name: str, entry: os.DirEntry[str], beside: set[str], report: Report
) -> FoundFile | None:
    try:
        about = entry.stat()
        if stat.S_ISREG(about.st_mode):
            sidecars = sidecar_names(entry.name, beside) if beside else ()
            stamped = tuple(_stamped(Path(entry.path).parent, sidecars)) if sidecars else ()
            return FoundFile(name, entry.path, _stamp(about), stamped)
        report(f"{name} is no file: remove it from the model folder.")
    except FileNotFoundError:
        if entry.is_symlink():
            report(f"{name} points to a file that is not there: link it again or remove it.")
    except OSError as error:
        report(f"{name} cannot be read: {error.strerror}.")
    return None


def _stamp(about: os.stat_result) -> Stamp:
    return about.st_size, about.st_mtime_ns


def _stamped(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, Stamp]]:
    for name in names:
        with suppress(OSError):  # gone since, or a link to nothing
            yield name, _stamp((folder / name).stat())


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)[1:-1]
