"""Events as rows: append-only, in local order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlite_utils import Database

from vibes.preferences import Event, event_from_dict


class EventRecords:
    """The events table; its sequence, not its timestamps, is the order projections fold in.

    What is read is fetched at once but parsed as it is iterated: that may be in another thread.
    """

    def __init__(self, db: Database):
        self._db = db

    def append(self, events: Iterable[Event]) -> int:
        """Append the events whose id is new; returns how many were."""
        before = self._db.conn.total_changes
        with self._db.atomic():
            self._db.table("events").insert_all(map(_row, events), ignore=True)
        return int(self._db.conn.total_changes - before)

    def all(self, profile: str | None = None) -> Iterator[Event]:
        """Every event, or every one of a profile, in the order it was appended."""
        whose = "" if profile is None else "WHERE profile = :profile"
        query = f"SELECT body FROM events {whose} ORDER BY sequence"
        rows = self._db.execute(query, {"profile": profile}).fetchall()
        return (_event(body) for (body,) in rows)

    def after(self, sequence: int) -> Iterator[tuple[int, Event]]:
        """The events appended after the one of this sequence number, each with its own."""
        newer = "SELECT sequence, body FROM events WHERE sequence > ? ORDER BY sequence"
        rows = self._db.execute(newer, [sequence]).fetchall()
        return ((number, _event(body)) for number, body in rows)


def _row(event: Event) -> dict[str, str]:
    body = json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":"))
    return {"id": event.id, "profile": event.profile, "batch": event.batch, "body": body}


def _event(body: str) -> Event:
    return event_from_dict(json.loads(body))
