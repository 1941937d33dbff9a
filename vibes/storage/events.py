"""Events as rows: append-only, in local order; only what is to be forgotten leaves them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from sqlite_utils import Database

from vibes.errors import InvalidInput
from vibes.preferences import Event, GridRejected, GridSubmitted
from vibes.preferences.event_json import event_from_json
from vibes.preferences.outcomes import last_word_on

from .database import fault, unreadable

Heard = TypeVar("Heard")

_READ = "SELECT sequence, CAST(body AS BLOB) FROM events"
"""As bytes: one damaged text would fail the whole query, and JSON is read as UTF-8 itself."""

_STANDING = """(settles IS NULL OR sequence = (
    SELECT max(sequence) FROM events AS other
    WHERE other.settles = events.settles AND other.sequence <= coalesce(:upto, other.sequence)))"""
"""Events that no later one superseded, up to some sequence number."""


class StoredEvent(NamedTuple):
    """An event as it is stored: its sequence number and its JSON."""

    sequence: int
    body: bytes

    def read(self) -> Event:
        """The event; raises StorageError where it is damaged."""
        return self.told_to(lambda event: event)

    def told_to(self, hear: Callable[[Event], Heard], *, check: bool = True) -> Heard:
        """What ``hear`` makes of the event; its InvalidInput too is a StorageError."""
        try:
            return hear(event_from_json(self.body, place="it", check=check))
        except InvalidInput as error:
            raise unreadable(f"Event {self.sequence}", error) from error


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
        return (stored.read() for stored in self.some(profile=profile))

    def after(self, sequence: int) -> Iterator[tuple[int, Event]]:
        """The events appended after the one of this sequence number, each with its own."""
        return ((stored.sequence, stored.read()) for stored in self.some(after=sequence))

    def some(
        self,
        *,
        profile: str | None = None,
        after: int = 0,
        upto: int | None = None,
        limit: int = -1,
        standing: bool = False,
    ) -> list[StoredEvent]:
        """Stored events in order: of a profile, between two sequence numbers, the first ``limit``.

        ``standing`` leaves out what a later event superseded.
        """
        values = {"after": after, "upto": upto, "profile": profile, "limit": limit}
        where = _where(profile=profile, upto=upto, standing=standing)
        query = f"{_READ} {where} ORDER BY sequence LIMIT :limit"
        return [StoredEvent(*row) for row in self._db.execute(query, values).fetchall()]

    def count(self, *, profile: str | None, upto: int, standing: bool = False) -> int:
        """How many events ``some`` would give."""
        where = _where(profile=profile, upto=upto, standing=standing)
        values = {"after": 0, "upto": upto, "profile": profile}
        return int(self._db.execute(f"SELECT count(*) FROM events {where}", values).fetchone()[0])

    def those(self, sequences: Iterable[int]) -> list[StoredEvent]:
        """The stored events of these sequence numbers, in order."""
        inside = "sequence IN (SELECT value FROM json_each(?))"
        numbers = json.dumps(list(sequences))
        rows = self._db.execute(f"{_READ} WHERE {inside} ORDER BY sequence", [numbers]).fetchall()
        return [StoredEvent(*row) for row in rows]

    def last(self) -> int:
        """The sequence number of the event appended last; 0 where there is none."""
        return int(self._db.execute("SELECT max(sequence) FROM events").fetchone()[0] or 0)

    def rewrite(self, left: Iterable[tuple[int, Event | None]]) -> None:
        """Store what is left of the events of these sequence numbers, for None nothing."""
        with self._db.atomic():
            for sequence, event in left:
                if event is None:
                    self._db.execute("DELETE FROM events WHERE sequence = ?", [sequence])
                else:
                    self._db.table("events").update(sequence, _row(event))

    def put_back(self, events: Sequence[StoredEvent]) -> None:
        """Store events as they were, in place of what is left of them or came in anew."""
        rows = [{"sequence": stored.sequence, **_row(stored.read())} for stored in events]
        with self._db.atomic():
            self._db.conn.executemany(
                "DELETE FROM events WHERE sequence = :sequence OR id = :id", rows
            )
            self._db.table("events").insert_all(rows)

    def outcomes(self) -> Counter[tuple[str, str]]:
        """How often each batch was told of as ``submitted`` and as ``rejected``."""
        told: Counter[tuple[str, str]] = Counter()
        for (body,) in self._db.execute("SELECT CAST(body AS BLOB) FROM events").fetchall():
            try:
                event = event_from_json(body)
            except InvalidInput:
                continue  # which ``faults`` tells
            if isinstance(event, GridSubmitted | GridRejected):
                how = "submitted" if isinstance(event, GridSubmitted) else "rejected"
                told[event.batch, how] += 1
        return told

    def faults(self) -> Iterator[str]:
        """One sentence for each event that cannot be read."""
        for number, body in self._db.execute(f"{_READ} ORDER BY sequence").fetchall():
            try:
                event_from_json(body, place="it")
            except InvalidInput as error:
                yield fault(f"Event {number}", error)


def _where(*, profile: str | None, upto: int | None, standing: bool) -> str:
    wanted = [
        "sequence > :after",
        *(["sequence <= :upto"] if upto is not None else []),
        *(["profile = :profile"] if profile is not None else []),
        *([_STANDING] if standing else []),
    ]
    return f"WHERE {' AND '.join(wanted)}"


def _row(event: Event) -> dict[str, str | None]:
    body = json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":"))
    word = last_word_on(event)
    return {
        "id": event.id,
        "profile": event.profile,
        "batch": event.batch,
        "body": body,
        "settles": " ".join(word) if word else None,
    }
