"""Events as rows: append-only, in local order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from sqlite_utils import Database

from vibes.errors import InvalidInput
from vibes.preferences import Event, GridRejected, GridSubmitted, event_from_dict

from .database import fault, unreadable

_READ = "SELECT sequence, CAST(body AS BLOB) FROM events"
"""As bytes: one damaged text would fail the whole query, and json decodes UTF-8 itself."""

_MALFORMED = (InvalidInput, ValueError, RecursionError)


class EventRecords:
    """The events table; its sequence, not its timestamps, is the order projections fold in.

    What is read is fetched at once but parsed as it is iterated: that may be in another thread.
    """

    def __init__(self, db: Database):
        self._db = db

    def append(self, events: Iterable[Event]) -> list[Event]:
        """Append the events whose id is new; returns those."""
        given = {event.id: event for event in events}
        stored = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))"
        for (known,) in self._db.execute(stored, [json.dumps(list(given))]).fetchall():
            del given[known]
        with self._db.atomic():
            self._db.table("events").insert_all(map(_row, given.values()))
        return list(given.values())

    def all(self, profile: str | None = None) -> Iterator[Event]:
        """Every event, or every one of a profile, in the order it was appended."""
        whose = "" if profile is None else "WHERE profile = :profile"
        query = f"{_READ} {whose} ORDER BY sequence"
        rows = self._db.execute(query, {"profile": profile}).fetchall()
        return (_event(number, body) for number, body in rows)

    def after(self, sequence: int) -> Iterator[tuple[int, Event]]:
        """The events appended after the one of this sequence number, each with its own."""
        newer = f"{_READ} WHERE sequence > ? ORDER BY sequence"
        rows = self._db.execute(newer, [sequence]).fetchall()
        return ((number, _event(number, body)) for number, body in rows)

    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each batch was told of as ``submitted`` and as ``rejected``."""
        told: Counter[tuple[str, str]] = Counter()
        for (body,) in self._db.execute("SELECT CAST(body AS BLOB) FROM events").fetchall():
            try:
                event = _parsed(body)
            except _MALFORMED:
                continue  # which ``faults`` tells
            if isinstance(event, GridSubmitted | GridRejected):
                how = "submitted" if isinstance(event, GridSubmitted) else "rejected"
                told[event.batch, how] += 1
        return told

    def faults(self) -> Iterator[str]:
        """One sentence for each event that cannot be read."""
        for number, body in self._db.execute(f"{_READ} ORDER BY sequence").fetchall():
            try:
                _parsed(body)
            except _MALFORMED as error:
                yield fault(f"Event {number}", error)


def _row(event: Event) -> dict[str, str]:
    body = json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":"))
    return {"id": event.id, "profile": event.profile, "batch": event.batch, "body": body}


def _event(number: int, body: bytes) -> Event:
    try:
        return _parsed(body)
    except _MALFORMED as error:
        raise unreadable(f"Event {number}", error) from error


def _parsed(body: bytes) -> Event:
    return event_from_dict(json.loads(body), place="it")
