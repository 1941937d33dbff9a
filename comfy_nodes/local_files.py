"""The model files this ComfyUI has, as a catalog with one server: ``HERE``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import folder_paths

from vibes.catalog import Catalog, FileEntry, Listing, ModelKind, build_catalog
from vibes.catalog.scan import KNOWN_FOLDERS, FolderScanner, Scan

from .choices import HERE
from .process import running_prompt

_Entries = dict[ModelKind, tuple[FileEntry, ...]]
_seen: dict[ModelKind, tuple[str, Scan]] = {}
"""What the run of a prompt saw: its nodes look at the same files, and looking takes a while."""
_catalogs: dict[tuple[ModelKind, ...], tuple[_Entries, Catalog]] = {}


def names(kind: ModelKind) -> list[str]:
    """File names of that kind, in this server's spelling; new files appear by themselves."""
    found: list[str] = folder_paths.get_filename_list(KNOWN_FOLDERS[kind])
    return found


def scan(kind: ModelKind) -> Scan:
    """What the files of that kind say about themselves; only new and changed ones are opened."""
    folders = folder_paths.get_folder_paths(KNOWN_FOLDERS[kind])
    return _scanner(kind, tuple(map(Path, folders))).scan()


def local_catalog(*kinds: ModelKind) -> Catalog:
    """What the running prompt has of these kinds; the same as before while no file has changed."""
    entries = {kind: _entries(kind) for kind in kinds}
    known = _catalogs.get(kinds)
    if known is None or known[0] != entries:
        listing = Listing(checkpoints=entries.get("checkpoint", ()), loras=entries.get("lora", ()))
        known = _catalogs[kinds] = entries, build_catalog({HERE: listing})
    return known[1]


def catalog_state(kind: ModelKind) -> str:
    """A text that changes whenever the files of that kind do, from one run to the next."""
    return _of_run(kind).version


def spelling(kind: ModelKind, name: str) -> str:
    """This server's spelling of a file a person names; raises NotFound or AmbiguousName."""
    files = names(kind)
    if name in files:
        return name
    entries = tuple(map(FileEntry, files))
    listing = Listing(checkpoints=entries) if kind == "checkpoint" else Listing(loras=entries)
    return build_catalog({HERE: listing}).resolve(kind, name).spellings[HERE]


def path_of(kind: ModelKind, name: str) -> str:
    """Where the file of that spelling lies; FileNotFoundError if it went away."""
    path: str = folder_paths.get_full_path_or_raise(KNOWN_FOLDERS[kind], name)
    return path


def _entries(kind: ModelKind) -> tuple[FileEntry, ...]:
    """The files that loaders here accept."""
    files = _of_run(kind).files
    return tuple(files[name].entry for name in names(kind) if name in files)


def _of_run(kind: ModelKind) -> Scan:
    run = running_prompt()
    known = _seen.get(kind)
    if run is None or known is None or known[0] != run:
        known = _seen[kind] = run or "", scan(kind)
    return known[1]


@lru_cache(maxsize=32)
def _scanner(kind: ModelKind, roots: tuple[Path, ...]) -> FolderScanner:
    return FolderScanner(kind, roots)
