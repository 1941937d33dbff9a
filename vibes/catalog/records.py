"""What servers say they have, and what the catalog makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ModelKind = Literal["checkpoint", "lora", "embedding"]
FamilySource = Literal["metadata", "name", "size", "unknown"]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One model file in a server's own spelling; ``size`` in bytes, metadata of its header."""

    name: str
    size: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything one server has."""

    checkpoints: tuple[FileEntry, ...] = ()
    loras: tuple[FileEntry, ...] = ()
    embeddings: tuple[str, ...] = ()
    node_classes: frozenset[str] = frozenset()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    upscale_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One model on all the servers that have it.

    ``name`` is the catalog's spelling (forward slashes), ``spellings`` maps each server that has
    the file to that server's own. ``triggers`` are phrases the model was trained to answer to,
    ``tags`` what else its training pictures showed, most frequent first.
    """

    kind: ModelKind
    name: str
    family: str | None = None
    family_source: FamilySource = "unknown"
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    size: int | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of the servers that have the file."""
        return tuple(self.spellings)
