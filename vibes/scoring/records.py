"""What is known of pictures in an archive, as it is kept."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vibes.prompts.encoders import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file as it was when it was read: ``size`` in bytes, ``modified`` in ns since 1970.

    ``error`` says why it is no picture; it then has no hashes and no size in pixels. ``prompt`` is
    what the file itself tells, ``unprompted`` why it tells none.
    """

    path: str
    size: int
    modified: int
    pixel_hash: str | None = None
    phash: int | None = None
    width: int | None = None
    height: int | None = None
    prompt: str | None = None
    unprompted: str | None = None
    error: str | None = None


class AdherenceKey(NamedTuple):
    """Which picture was compared with which texts; ``prompt_hash`` is over all of them."""

    pixel_hash: str
    prompt_hash: str


class AdherenceRecord(NamedTuple):
    """How well a picture shows what was asked, as JSON; ``overall`` is 0..1."""

    key: AdherenceKey
    overall: float
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBatch:
    """What is kept of a batch, all of it or nothing; ``vectors`` are by pixel hash."""

    files: Collection[FileRecord] = ()
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    adherences: Collection[AdherenceRecord] = ()


class Embeddings(NamedTuple):
    """All pictures a model has seen: ``vectors`` is (n, d), rows of unit length."""

    pixel_hashes: list[str]
    vectors: Vectors


class Book(Protocol):
    """What an archive needs of ``vibes.storage.ScoreBook``, a layer above."""

    def files(self, paths: Collection[str]) -> dict[str, FileRecord]:
        """Those known of these, by path."""
        ...

    def vectors(self, model: str, pixel_hashes: Collection[str]) -> dict[str, Vectors]:
        """The embeddings known of these pictures, rows of unit length."""
        ...

    def embeddings(self, model: str) -> Embeddings:
        """All of a model."""
        ...

    def adherences(
        self, model: str, keys: Collection[AdherenceKey]
    ) -> dict[AdherenceKey, AdherenceRecord]:
        """Those known of these."""
        ...

    def write(self, model: str, scored: ScoredBatch) -> None:
        """Keep a batch in one transaction."""
        ...


def name_of(path: Path) -> str:
    """A file's whole path, also where its name is no text: of those bytes, their numbers."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def as_kept(vectors: npt.NDArray[np.floating]) -> Vectors:
    """Rows as they come back when they were kept as 16-bit numbers: the same at every later run."""
    found = vectors.astype(np.float16).astype(np.float32)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return found
