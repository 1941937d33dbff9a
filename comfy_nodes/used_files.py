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
from .memory import memory

log = logging.getLogger(__name__)

_CHECKPOINTS = ("checkpoints", "diffusion_models")
_LORAS = ("loras",)


@dataclass(frozen=True, slots=True)
class UsedFiles:
    """SHA-256 in hex by the names of the making; ``contents`` of LoRAs behind their headers."""

    making: Making
    digests: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """What a studio is told, JSON-ready; None for what is not known."""
        making = self.making
        checkpoint, loras = making.checkpoint, making.loras
        return {
            "checkpoint": checkpoint
            and {"name": checkpoint, "sha256": self.digests.get(checkpoint)},
            "loras": None
            if loras is None
            else [
                {
                    "name": use.name,
                    "strength": use.strength,
                    "sha256": self.digests.get(use.name),
                }
                for use in loras
            ],
        }

    def noted_in(self, record: Record) -> Record:
        """The record of this making, with the hashes."""
        by_name = {canonical(name): digest for name, digest in self.digests.items()}
        loras = record.loras and tuple(
            lora.model_copy(update={"sha256": by_name.get(lora.name)}) for lora in record.loras
        )
        digest = by_name.get(record.checkpoint or "")
        return record.model_copy(update={"checkpoint_sha256": digest, "loras": loras})

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
    names = {use.name: _path(use.name, _LORAS) for use in making.loras or ()}
    loras = {name: path for name, path in names.items() if path}
    checkpoint = making.checkpoint and _path(making.checkpoint, _CHECKPOINTS)
    files = {**loras, **({making.checkpoint: checkpoint} if checkpoint else {})}
    try:
        hashes = ModelHashes(memory().hashes)
        whole = {name: Wanted(path) for name, path in files.items()}
        content = {name: Wanted(path, content=True) for name, path in loras.items()}
        read = _progress(hashes.unread([*whole.values(), *content.values()]))
        return UsedFiles(
            making,
            {name: hashes.of(wanted, read=read) for name, wanted in whole.items()},
            {name: hashes.of(wanted, read=read) for name, wanted in content.items()},
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
