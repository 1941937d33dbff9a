"""What each profile never wants chosen by itself: LoRAs, tags, families."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from sqlite_utils import Database

BlockKind = Literal["lora", "tag", "family"]


class BlockRecords:
    """The blocks table."""

    def __init__(self, db: Database):
        self._db = db

    def all(self) -> dict[str, dict[BlockKind, frozenset[str]]]:
        """Profile → kind → what is blocked; of profiles that block nothing it says nothing."""
        found: dict[str, dict[BlockKind, set[str]]] = {}
        for row in self._db.query("SELECT profile, kind, value FROM blocks"):
            found.setdefault(row["profile"], {}).setdefault(row["kind"], set()).add(row["value"])
        return {
            profile: {kind: frozenset(values) for kind, values in kinds.items()}
            for profile, kinds in found.items()
        }

    def replace(self, profile: str, blocked: Mapping[BlockKind, Iterable[str]]) -> None:
        """Block exactly this for a profile, which must exist."""
        rows = [(profile, kind, value) for kind, values in blocked.items() for value in {*values}]
        with self._db.atomic():
            self._db.execute("DELETE FROM blocks WHERE profile = ?", [profile])
            self._db.conn.executemany(
                "INSERT INTO blocks (profile, kind, value) VALUES (?, ?, ?)", rows
            )
