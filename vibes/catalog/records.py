"""What servers say they have, and what the catalog makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ModelKind = Literal["checkpoint", "lora", "embedding"]
FamilySource = Literal["weights", "metadata", "sidecar", "name", "size", "unknown"]
"""What says so, the most trusted first: weights cannot lie about the model they change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one copy of a file says about itself, by its header and the files beside it.

    ``branch`` is a fine-tune that most of its family's users treat as a family of its own
    ("pony", "illustrious"). ``tag_counts`` are the training pictures of each of ``tags``.
    ``modules`` is how many parts of a model a LoRA changes, None where its weights were not looked
    at; 0 is no LoRA at all. ``popularity`` is its downloads, ``strength`` what its maker advises.
    ``fault`` is a whole sentence about a file that cannot be read or used.
    """

    family: str | None = None
    family_source: FamilySource = "unknown"
    branch: str | None = None
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tag_counts: tuple[int, ...] = ()
    title: str | None = None
    rank: int | None = None
    modules: int | None = None
    sha256: str | None = None
    popularity: int | None = None
    strength: float | None = None
    has_preview: bool = False
    fault: str | None = None


NOTHING = Facts()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One model file in a server's own spelling; ``size`` in bytes, ``modified`` in seconds."""

    name: str
    size: int | None = None
    facts: Facts = NOTHING
    modified: float | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything one server has."""

    checkpoints: tuple[FileEntry, ...] = ()
    loras: tuple[FileEntry, ...] = ()
    embeddings: tuple[FileEntry, ...] = ()
    node_classes: frozenset[str] = frozenset()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    upscale_models: tuple[str, ...] = ()
    scoring_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One model on all the servers that have it.

    ``name`` is the catalog's spelling (forward slashes), ``spellings`` maps each server that has
    the file to that server's own, ``aliases`` are other names the same content has. ``triggers``
    are phrases the model was trained to answer to, ``tags`` what else its training pictures
    showed, most frequent first. ``conflict`` is a sentence where two files of this name differ:
    such a model is never chosen by itself. ``previews`` are the servers that can show a picture of
    it. The rest is as in Facts.
    """

    kind: ModelKind
    name: str
    family: str | None = None
    family_source: FamilySource = "unknown"
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    size: int | None = None
    spellings: Mapping[str, str] = field(default_factory=dict)
    branch: str | None = None
    tag_counts: tuple[int, ...] = ()
    title: str | None = None
    rank: int | None = None
    modules: int | None = None
    sha256: str | None = None
    popularity: int | None = None
    strength: float | None = None
    previews: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    conflict: str | None = None
    fault: str | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of the servers that have the file."""
        return tuple(self.spellings)
