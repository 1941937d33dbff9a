"""The score book, ``scoring.db``: what pictures were seen to show, by what they show.

A file apart from ``vibes.db``: it is a cache, but for the labels, it grows by some kilobytes a
picture, and several processes use it at once – the studio, its scorers, ``vibes score``. Each
transaction is one batch.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlite_utils import Database, Migrations

from vibes.errors import StorageError
from vibes.prompts.encoders import Vectors
from vibes.scoring.records import (
    AdherenceKey,
    AdherenceRecord,
    Embeddings,
    FileRecord,
    ScoredBatch,
    as_kept,
)

from .database import advice, open_migrated

SCOREBOOK = "scoring.db"

migrations = Migrations("scoring")

_FIRST_TABLES = (
    """
    CREATE TABLE files (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        pixel_hash TEXT,
        phash INTEGER,
        width INTEGER,
        height INTEGER,
        prompt TEXT,
        unprompted TEXT,
        error TEXT
    )""",
    "CREATE INDEX files_by_pixels ON files (pixel_hash)",
    # The id, never used twice, says which are new; vectors are 16-bit numbers, low byte first.
    """
    CREATE TABLE embeddings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        model TEXT NOT NULL,
        pixel_hash TEXT NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (model, pixel_hash)
    )""",
    """
    CREATE TABLE adherences (
        model TEXT,
        pixel_hash TEXT,
        prompt_hash TEXT,
        overall REAL NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (model, pixel_hash, prompt_hash)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE labels (
        model TEXT,
        pixel_hash TEXT,
        requirement TEXT,
        slot TEXT NOT NULL,
        margin REAL NOT NULL,
        shown INTEGER NOT NULL CHECK (shown IN (0, 1)),
        time TEXT NOT NULL,
        PRIMARY KEY (model, pixel_hash, requirement)
    ) WITHOUT ROWID""",
)

_PUT_FILE = (
    "INSERT OR REPLACE INTO files VALUES (:path, :size, :modified, :pixel_hash, :phash, :width,"
    " :height, :prompt, :unprompted, :error)"
)
_PUT_VECTOR = (
    "INSERT INTO embeddings (model, pixel_hash, vector) VALUES (?, ?, ?)"
    " ON CONFLICT (model, pixel_hash) DO NOTHING"
)
_PUT_ADHERENCE = "INSERT OR REPLACE INTO adherences VALUES (?, ?, ?, ?, ?)"
_PUT_LABEL = (
    "INSERT OR REPLACE INTO labels VALUES (:model, :pixel_hash, :requirement, :slot, :margin,"
    " :shown, :time)"
)
_IN = "IN (SELECT value FROM json_each(?))"
_PAIR_IN = "IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
_HALF = np.dtype("<f2")


@migrations()
def m001_initial(db: Database) -> None:
    """Files as they were read, embeddings, adherences, and what the user said is to be seen."""
    for statement in _FIRST_TABLES:
        db.execute(statement)


class SeenLabel(NamedTuple):
    """A user's word on whether a picture shows a requirement; ``margin`` is in logits."""

    model: str
    pixel_hash: str
    requirement: str
    slot: str
    margin: float
    shown: bool
    time: str


class ScoreBook:
    """``scoring.db`` in a data directory, made if absent; bound to the calling thread.

    Raises DatabaseTooNew for a file of a newer Vibes, and StorageError where it cannot be used.
    Vectors are kept as 16-bit numbers: they come back within a thousandth of what was given.
    """

    def __init__(self, data_dir: Path):
        self._path = data_dir / SCOREBOOK
        self._db = open_migrated(self._path, migrations)
        self._loaded: dict[str, tuple[int, Embeddings]] = {}

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def files(self, paths: Collection[str]) -> dict[str, FileRecord]:
        """Those known of these, by path."""
        rows = self._rows(f"SELECT * FROM files WHERE path {_IN}", [_json(paths)])
        return {
            row["path"]: FileRecord(**{**row, "phash": _unsigned(row["phash"])}) for row in rows
        }

    def vectors(self, model: str, pixel_hashes: Collection[str]) -> dict[str, Vectors]:
        """The embeddings known of these pictures, rows of unit length."""
        sql = f"SELECT pixel_hash, vector FROM embeddings WHERE model = ? AND pixel_hash {_IN}"
        rows = self._rows(sql, [model, _json(pixel_hashes)])
        found = self._unpacked(rows)
        return {row["pixel_hash"]: vector for row, vector in zip(rows, found, strict=True)}

    def embeddings(self, model: str) -> Embeddings:
        """All of a model, oldest first; the second call reads only what has come since."""
        last, known = self._loaded.get(model, (0, Embeddings([], np.zeros((0, 0), np.float32))))
        sql = "SELECT id, pixel_hash, vector FROM embeddings WHERE model = ? AND id > ? ORDER BY id"
        rows = self._rows(sql, [model, last])
        if rows:
            vectors = self._unpacked(rows)
            if known.pixel_hashes:
                vectors = np.concatenate([known.vectors, vectors])
            known = Embeddings(known.pixel_hashes + [row["pixel_hash"] for row in rows], vectors)
            self._loaded[model] = (rows[-1]["id"], known)
        return known

    def adherences(
        self, model: str, keys: Collection[AdherenceKey]
    ) -> dict[AdherenceKey, AdherenceRecord]:
        """Those known of these."""
        sql = f"SELECT * FROM adherences WHERE model = ? AND (pixel_hash, prompt_hash) {_PAIR_IN}"
        found = {}
        for row in self._rows(sql, [model, _json(keys)]):
            key = AdherenceKey(row["pixel_hash"], row["prompt_hash"])
            found[key] = AdherenceRecord(key, row["overall"], row["body"])
        return found

    def write(self, model: str, scored: ScoredBatch) -> None:
        """Keep a batch in one transaction; a vector that is known stays as it is."""
        files = [{**asdict(file), "phash": _signed(file.phash)} for file in scored.files]
        vectors = [(model, pixels, _packed(row)) for pixels, row in scored.vectors.items()]
        records = [(model, *one.key, one.overall, one.body) for one in scored.adherences]
        with self._guarded(), self._db.atomic():
            self._db.conn.executemany(_PUT_FILE, files)
            self._db.conn.executemany(_PUT_VECTOR, vectors)
            self._db.conn.executemany(_PUT_ADHERENCE, records)

    def forget(self, pixel_hashes: Collection[str]) -> None:
        """Remove what was seen in pictures that are gone; what users said of them stays."""
        with self._guarded(), self._db.atomic():
            for table in ("adherences", "embeddings"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE pixel_hash {_IN}", [_json(pixel_hashes)]
                )
        self._loaded.clear()

    def label(self, labels: Iterable[SeenLabel]) -> None:
        """Keep what a user said; of one picture and requirement, the last word counts."""
        with self._guarded(), self._db.atomic():
            self._db.conn.executemany(_PUT_LABEL, [one._asdict() for one in labels])

    def unlabel(self, model: str, pixel_hash: str, requirement: str) -> None:
        """Forget what a user said about a requirement of a picture."""
        with self._guarded():
            self._db.execute(
                "DELETE FROM labels WHERE model = ? AND pixel_hash = ? AND requirement = ?",
                [model, pixel_hash, requirement],
            )

    def labels(self) -> list[SeenLabel]:
        """Everything users said, oldest first."""
        rows = self._rows("SELECT * FROM labels ORDER BY time, model, pixel_hash, requirement", [])
        return [SeenLabel(**{**row, "shown": bool(row["shown"])}) for row in rows]

    def _rows(self, sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
        with self._guarded():
            return list(self._db.query(sql, parameters))

    def _unpacked(self, rows: list[dict[str, Any]]) -> Vectors:
        with self._guarded():
            return _unpacked([row["vector"] for row in rows])

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise StorageError(
                f"{self._path} could not be read or written: {error}. {_advice(error)}"
            ) from error


def _advice(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError):
        return advice(error)
    return "Move it away: pictures are scored again, only labels are lost."


def _json(values: Collection[Any]) -> str:
    return json.dumps(list(values))


def _packed(row: Vectors) -> bytes:
    return row.astype(_HALF).tobytes()


def _unpacked(rows: list[bytes]) -> Vectors:
    if not rows:
        return np.zeros((0, 0), np.float32)
    return as_kept(np.frombuffer(b"".join(rows), _HALF).reshape(len(rows), -1))


def _file(row: dict[str, Any]) -> FileRecord:
    return FileRecord(**{**row, "phash": _unsigned(row["phash"])})


def _signed(number: int | None) -> int | None:
    """SQLite has no unsigned numbers of 64 bits."""
    return number if number is None or number < 2**63 else number - 2**64


def _unsigned(number: int | None) -> int | None:
    return number if number is None or number >= 0 else number + 2**64
