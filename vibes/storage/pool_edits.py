"""Checkpoints put into a tier's pool, or taken out of it, beside what the configuration says."""

from __future__ import annotations

from sqlite_utils import Database


class PoolEditRecords:
    """The pool_edits table."""

    def __init__(self, db: Database):
        self._db = db

    def all(self) -> dict[str, dict[str, bool]]:
        """Tier → checkpoint → whether it is a member, whatever the tier's patterns say."""
        found: dict[str, dict[str, bool]] = {}
        for row in self._db.query("SELECT * FROM pool_edits ORDER BY rowid"):
            found.setdefault(row["tier"], {})[row["checkpoint"]] = bool(row["member"])
        return found

    def put(self, tier: str, checkpoint: str, member: bool | None) -> None:
        """Store one edit; None takes it back."""
        with self._db.atomic():
            self._db.execute(
                "DELETE FROM pool_edits WHERE tier = ? AND checkpoint = ?", [tier, checkpoint]
            )
            if member is not None:
                self._db.table("pool_edits").insert(
                    {"tier": tier, "checkpoint": checkpoint, "member": int(member)}
                )
