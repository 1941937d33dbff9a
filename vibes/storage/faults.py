"""What went wrong with each server, the newest remembered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

KEPT = 200
"""Faults remembered per server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that happened to a server, as a sentence; ``image_id`` where one image suffered."""

    server: str
    time: str
    kind: str
    sentence: str
    image_id: str | None = None


class FaultRecords:
    """The faults table."""

    def __init__(self, db: Database):
        self._db = db

    def add(self, fault: Fault) -> None:
        """Remember a fault, and forget the server's oldest beyond ``KEPT``."""
        with self._db.atomic():
            self._db.execute(
                "INSERT INTO faults (server, time, kind, sentence, image_id)"
                " VALUES (?, ?, ?, ?, ?)",
                [fault.server, fault.time, fault.kind, fault.sentence, fault.image_id],
            )
            self._db.execute(
                "DELETE FROM faults WHERE server = :server AND sequence <= (SELECT sequence"
                " FROM faults WHERE server = :server ORDER BY sequence DESC LIMIT 1 OFFSET :kept)",
                {"server": fault.server, "kept": KEPT},
            )

    def of(self, server: str, limit: int = KEPT) -> list[Fault]:
        """The latest faults of a server, newest first."""
        rows = self._db.query(
            "SELECT server, time, kind, sentence, image_id FROM faults WHERE server = ?"
            " ORDER BY sequence DESC LIMIT ?",
            [server, limit],
        )
        return [Fault(**row) for row in rows]
