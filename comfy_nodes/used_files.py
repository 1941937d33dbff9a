"""The model files a picture was made with, and their SHA-256."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vibes.catalog.hashing import CHUNK
from vibes.catalog.names import canonical
from vibes.errors import StorageError
from vibes.workflows import Making, Record

from .file_hashes import ModelHashes, Wanted
from .process import memory

log = logging.getLogger(__name__)

_CHECKPOINTS = ("checkpoints", "diffusion_models")
_LORAS = ("loras",)


@dataclass(frozen=True, slots=True)
class UsedFiles:
    """SHA-256 in hex of the checkpoint, and of LoRAs by their names in the making.

    ``contents`` are of what the LoRAs hold behind their headers.
    """

    making: Making
    checkpoint: str | None = None
    loras: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """What a studio is told, JSON-ready; None for what is not known."""
        name, uses = self.making.checkpoint, self.making.loras
        return {
            "checkpoint": name and {"name": name, "sha256": self.checkpoint},
            "loras": None
            if uses is None
            else [
                {"name": use.name, "strength": use.strength, "sha256": self.loras.get(use.name)}
                for use in uses
            ],
        }

    def noted_in(self, record: Record) -> Record:
        """The record of this making, with the hashes."""
        by_name = {canonical(name): digest for name, digest in self.loras.items()}
        loras = record.loras and tuple(
            lora.model_copy(update={"sha256": by_name.get(lora.name)}) for lora in record.loras
        )
        return record.model_copy(update={"checkpoint_sha256": self.checkpoint, "loras": loras})

    def lora_hashes(self, record: Record) -> dict[str, str]:
        """The LoRAs' hashes for AUTOMATIC1111, by their names in a record of the same picture."""
        uses, named = self.making.loras or (), record.loras or ()
        if len(uses) != len(named):
            return {}
        return {
            lora.name: self.contents[use.name]
            for lora, use in zip(named, uses, strict=True)
            if use.name in self.contents
        }


def used_files(making: Making) -> UsedFiles:
    """Hash what was not hashed before, with progress; an interrupted run ends it."""
    paths = {use.name: _path(use.name, _LORAS) for use in making.loras or ()}
    loras = {name: Wanted(path) for name, path in paths.items() if path}
    contents = {name: wanted._replace(content=True) for name, wanted in loras.items()}
    checkpoint = making.checkpoint and _path(making.checkpoint, _CHECKPOINTS)
    own = [Wanted(checkpoint)] if checkpoint else []
    try:
        hashes = ModelHashes(memory().store)
        read = _progress(hashes.unread([*own, *loras.values(), *contents.values()]))
        return UsedFiles(
            making,
            *(hashes.of(wanted, read=read) for wanted in own),
            loras={name: hashes.of(wanted, read=read) for name, wanted in loras.items()},
            contents={name: hashes.of(wanted, read=read) for name, wanted in contents.items()},
        )
    except (OSError, StorageError) as error:
        log.warning("The picture is saved without hashes of its models: %s", error)
        return UsedFiles(making)


def _path(name: str, folders: tuple[str, ...]) -> Path | None:
    import folder_paths

    found: Iterator[str | None] = (folder_paths.get_full_path(one, name) for one in folders)
    return next((Path(path) for path in found if path), None)


def _progress(size: int) -> Any:
    """Called after every piece that was read: moves the node's bar, and ends a run that should."""
    import comfy.model_management
    import comfy.utils

    bar = comfy.utils.ProgressBar(max(1, -(-size // CHUNK)))

    def read() -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar.update(1)

    return read
