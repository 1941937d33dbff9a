"""The model files this ComfyUI has, as a catalog with one server: ``HERE``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import folder_paths

from vibes.catalog import Catalog, FileEntry, Listing, ModelKind, build_catalog

from .choices import HERE

FOLDERS: dict[ModelKind, str] = {"checkpoint": "checkpoints", "lora": "loras"}
MAX_HEADER = 64 * 1024 * 1024  # bytes; a header lists every tensor and may hold tag statistics


def names(kind: ModelKind) -> list[str]:
    """File names of that kind, in this server's spelling; new files appear by themselves."""
    found: list[str] = folder_paths.get_filename_list(FOLDERS[kind])
    return found


def local_catalog(*kinds: ModelKind) -> Catalog:
    """What there is of these kinds, with what the files' headers say about them."""
    entries = {kind: tuple(_entries(kind)) for kind in kinds}
    listing = Listing(checkpoints=entries.get("checkpoint", ()), loras=entries.get("lora", ()))
    return build_catalog({HERE: listing})


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
    path: str = folder_paths.get_full_path_or_raise(FOLDERS[kind], name)
    return path


def _entries(kind: ModelKind) -> Iterator[FileEntry]:
    for name in names(kind):
        path = folder_paths.get_full_path(FOLDERS[kind], name)
        if path:  # may have gone away since it was listed
            stat = Path(path).stat()
            yield FileEntry(name, stat.st_size, _metadata(path, stat.st_mtime_ns))


@lru_cache(maxsize=8192)
def _metadata(path: str, mtime_ns: int) -> Mapping[str, str]:
    """The metadata in a file's header; empty where it has none. ``mtime_ns`` notices new files."""
    import comfy.utils

    if not path.casefold().endswith((".safetensors", ".sft")):
        return {}
    try:
        header = json.loads(comfy.utils.safetensors_header(path, max_size=MAX_HEADER) or "{}")
    except (OSError, ValueError):  # unreadable or not a safetensors file: nothing is known of it
        return {}
    metadata = header.get("__metadata__")
    return metadata if isinstance(metadata, dict) else {}
