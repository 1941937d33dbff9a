"""Which LoRAs change anything beside which checkpoint, by the servers that found it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

How = Literal["keys", "control"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one server found out about a LoRA beside a checkpoint, both by catalog name.

    ``how``: by counting the weights it changes, or by a control picture without it.
    """

    checkpoint: str
    lora: str
    server: str
    works: bool
    how: How
    keys: int | None = None
    time: str


class EffectRecords:
    """The lora_effects table."""

    def __init__(self, db: Database):
        self._db = db

    def all(self) -> list[Effect]:
        """Everything found out, in the order of finding."""
        rows = self._db.query(
            "SELECT checkpoint, lora, server, works, how, keys, time FROM lora_effects"
            " ORDER BY rowid"
        )
        return [Effect(**{**row, "works": bool(row["works"])}) for row in rows]

    def put(self, effects: Iterable[Effect]) -> None:
        """Remember these, each in place of what the same server found out before."""
        with self._db.atomic():
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO lora_effects"
                " (checkpoint, lora, server, works, how, keys, time) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(e.checkpoint, e.lora, e.server, e.works, e.how, e.keys, e.time) for e in effects],
            )
