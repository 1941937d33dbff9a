"""What the user had forgotten: that it was, and when, but nothing of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """One forgetting: ``events`` were changed or deleted, of one profile or (None) of all.

    ``what`` names it, but for a keyword, which is not to be found any more.
    """

    time: str
    profile: str | None
    kind: str
    what: str | None
    events: int
    undone: bool = False


class ForgettingRecords:
    """The forgettings table, and the traces that deleted rows leave in the files."""

    def __init__(self, db: Database):
        self._db = db
        db.execute("PRAGMA secure_delete=ON")  # what goes is overwritten, not merely left behind

    def add(self, forgetting: Forgetting) -> int:
        """Note a forgetting; gives its number."""
        self._db.execute(
            "INSERT INTO forgettings (time, profile, kind, what, events) VALUES (?, ?, ?, ?, ?)",
            [
                forgetting.time,
                forgetting.profile,
                forgetting.kind,
                forgetting.what,
                forgetting.events,
            ],
        )
        return int(self._db.execute("SELECT last_insert_rowid()").fetchone()[0])

    def undo(self, number: int) -> None:
        """Note that one was undone."""
        self._db.execute("UPDATE forgettings SET undone = 1 WHERE sequence = ?", [number])

    def all(self) -> list[Forgetting]:
        """Every forgetting, oldest first."""
        rows = self._db.query(
            "SELECT time, profile, kind, what, events, undone FROM forgettings ORDER BY sequence"
        )
        return [Forgetting(**{**row, "undone": bool(row["undone"])}) for row in rows]

    def sweep(self) -> None:
        """Empty the write-ahead log, in which former pages stand; outside a transaction."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
