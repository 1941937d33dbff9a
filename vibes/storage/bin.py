"""The bin: pictures put aside, until they are taken out again or thrown away for good."""

from __future__ import annotations

from collections.abc import Collection

from sqlite_utils import Database

_FREE = """
    selection != 'selected' AND id NOT IN
        (SELECT parent_id FROM images WHERE parent_id IS NOT NULL)"""
"""No pick, and nothing was made from it."""


class BinRecords:
    """The images that lie in the bin; their rows stay where they were."""

    def __init__(self, db: Database):
        self._db = db

    def put(self, image_id: str, time: str) -> str | None:
        """Put a picture into the bin; why not, None where it lies there now."""
        with self._db.atomic():
            row = self._db.execute(
                "SELECT state, selection, binned,"
                " EXISTS (SELECT 1 FROM images AS child WHERE child.parent_id = images.id)"
                " FROM images WHERE id = ?",
                [image_id],
            ).fetchone()
            reason = _reason(row)
            if reason is None and row[2] is None:
                self._db.execute("UPDATE images SET binned = ? WHERE id = ?", [time, image_id])
        return reason

    def ids(self) -> list[str]:
        """What lies in the bin, last put in first."""
        rows = self._db.execute(
            "SELECT id FROM images WHERE binned IS NOT NULL AND state = 'collected'"
            " ORDER BY binned DESC, batch_id, position"
        )
        return [image for (image,) in rows.fetchall()]

    def restore(self, image_ids: Collection[str]) -> list[str]:
        """Take pictures out of the bin; gives those that were in it."""
        with self._db.atomic():
            found = [image for image in self.ids() if image in image_ids]
            self._db.conn.executemany(
                "UPDATE images SET binned = NULL WHERE id = ?", [(image,) for image in found]
            )
        return found

    def disown(self, image_ids: Collection[str]) -> list[str]:
        """Give up pictures in the bin, so that their files can go; gives those given up.

        Until ``sweep`` removes them they are cancelled images.
        """
        with self._db.atomic():
            free = {row[0] for row in self._db.execute(f"SELECT id FROM images WHERE {_FREE}")}
            gone = [image for image in self.ids() if image in image_ids and image in free]
            self._db.conn.executemany(
                "UPDATE images SET state = 'cancelled' WHERE id = ?", [(image,) for image in gone]
            )
        return gone

    def sweep(self) -> None:
        """Remove the rows of what was given up; its files must be gone."""
        self._db.execute("DELETE FROM images WHERE binned IS NOT NULL AND state = 'cancelled'")


def _reason(row: tuple[str, str, str | None, int] | None) -> str | None:
    """Why a picture stays out of the bin."""
    if row is None:
        return "There is no such image."
    state, selection, _, has_children = row
    if state != "collected":
        return f"It has no picture: it is {state}."
    if selection == "selected":
        return "It is a pick."
    return "Other pictures were made from it." if has_children else None
