"""SHA-256 of model files, so that each is read through once and not again at every start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database


class FileHash(NamedTuple):
    """The digest (hex) of the file that had this size in bytes and this change time in ns."""

    path: str
    size: int
    modified: int
    sha256: str


class HashRecords:
    """The file_hashes table."""

    def __init__(self, db: Database):
        self._db = db

    def all(self) -> dict[str, FileHash]:
        """Every known digest by path."""
        return {row["path"]: FileHash(**row) for row in self._db.query("SELECT * FROM file_hashes")}

    def put(self, found: FileHash) -> None:
        """Store the digest of one file; a former one of the same path is replaced."""
        self._db.table("file_hashes").insert(found._asdict(), replace=True)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop the digests of files that are gone."""
        with self._db.atomic():
            self._db.conn.executemany(
                "DELETE FROM file_hashes WHERE path = ?", [(path,) for path in paths]
            )
