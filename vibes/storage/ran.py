"""The models that really made each image, as the servers told."""

from __future__ import annotations

import json

from sqlite_utils import Database

from vibes.recipes import Ran


class RanRecords:
    """The ran table."""

    def __init__(self, db: Database):
        self._db = db

    def put(self, image_id: str, ran: Ran) -> None:
        """Remember what made an image; repeating it changes nothing."""
        row = {"image_id": image_id, "models": json.dumps(ran.to_dict())}
        self._db.table("ran").insert(row, replace=True)

    def get(self, image_id: str) -> Ran | None:
        """What made an image; None where its server did not tell."""
        row = self._db.execute("SELECT models FROM ran WHERE image_id = ?", [image_id]).fetchone()
        return Ran.from_dict(json.loads(row[0])) if row else None
