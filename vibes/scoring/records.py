"""What is known of pictures in an archive, as it is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

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
class Scored:
    """What is kept of a batch, all of it or nothing; ``vectors`` are by pixel hash."""

    files: Collection[FileRecord] = ()
    vectors: Mapping[str, Vectors]
    adherences: Collection[AdherenceRecord] = ()


class Book(Protocol):
    """What an archive needs of ``vibes.storage.ScoreBook``, a layer above."""

    def files(self, paths: Collection[str]) -> dict[str, FileRecord]:
        """Those known of these, by path."""
        ...

    def vectors(self, model: str, pixel_hashes: Collection[str]) -> dict[str, Vectors]:
        """The embeddings known of these pictures, rows of unit length."""
        ...

    def adherences(
        self, model: str, keys: Collection[AdherenceKey]
    ) -> dict[AdherenceKey, AdherenceRecord]:
        """Those known of these."""
        ...

    def write(self, model: str, scored: Scored) -> None:
        """Keep a batch in one transaction."""
        ...
