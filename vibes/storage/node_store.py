"""What the nodes inside ComfyUI keep: ``nodes.db``, shared by all ComfyUI processes of a folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from sqlite_utils import Database

from vibes.errors import NotFound, StorageError
from vibes.preferences import Candidate, Event, LoraUse
from vibes.preferences.event_json import event_from_json

from .hashes import FileHash, HashRecords
from .node_file import FILE_NAME, open_nodes

MOST_PICTURES = 20_000
"""Pictures that can still be rated; the oldest are forgotten first."""

_WAITING = """FROM events WHERE NOT EXISTS
    (SELECT 1 FROM deliveries WHERE event = sequence AND studio = ?)"""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture as it was shown: what a rating of it would be about.

    ``image`` is a uuid4 in hex, ``batch`` the id of the prompt it was made by, ``time`` ISO 8601.
    ``candidate`` made it; None: not known.
    """

    image: str
    prompt: str
    candidate: Candidate | None
    batch: str
    time: str


class Standing(NamedTuple):
    """What learning builds on: the snapshot, what it holds of ours, and our last event."""

    etag: str = ""
    delivered: int = 0
    last: int = 0


class StudioSnapshot(NamedTuple):
    """A studio's policy as it was handed out.

    ``delivered`` is the number of the last delivery before it was asked for: those up to it are in
    the snapshot, or are not to be learned from.
    """

    etag: str
    delivered: int
    body: bytes


class NodeEvent(NamedTuple):
    """An event by its place in local order, as JSON."""

    sequence: int
    body: bytes

    def read(self) -> Event:
        """The event; InvalidInput where it is damaged."""
        return event_from_json(self.body)


class NodeStore:
    """The tables in a folder; any thread may call, each call is one short transaction.

    Raises what ``open_nodes`` raises, and StorageError when the file fails.
    """

    def __init__(self, folder: Path):
        self._path = folder / FILE_NAME
        self._lock = RLock()
        self._db = open_nodes(folder)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    # --- pictures ----------------------------------------------------------------------------

    def show(self, pictures: Iterable[ShownPicture]) -> None:
        """Keep what was shown; one shown again keeps its place."""
        rows = [
            {**asdict(one), "prompt": _whole(one.prompt), "candidate": _dumped(one.candidate)}
            for one in pictures
        ]
        with self._writing() as db:
            db.conn.executemany(
                "INSERT OR IGNORE INTO pictures (image, prompt, candidate, batch, time)"
                " VALUES (:image, :prompt, :candidate, :batch, :time)",
                rows,
            )
            db.execute(
                "DELETE FROM pictures WHERE number <= (SELECT max(number) FROM pictures) - ?",
                [MOST_PICTURES],
            )

    def picture(self, image: str) -> ShownPicture:
        """A picture by its id; NotFound for one that was never shown, or very long ago."""
        with self._reading() as db:
            row = db.execute(
                "SELECT image, prompt, candidate, batch, time FROM pictures WHERE image = ?",
                [_whole(image)],
            ).fetchone()
        if row is None:
            raise NotFound(f"No picture '{image}' was shown here lately: there is none to rate.")
        image, prompt, candidate, batch, time = row
        return ShownPicture(image, prompt, _loaded(candidate), batch, time)

    # --- events and their way to a studio ----------------------------------------------------

    def add(self, event: Event) -> None:
        """Append an event; one whose id is known changes nothing."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO events (id, profile, body) VALUES (?, ?, ?)",
                [event.id, event.profile, _json(event.to_dict())],
            )

    def standing(self, studio: str, profile: str) -> Standing:
        """What a policy of this profile builds on at this moment."""
        with self._reading() as db:
            snapshot = db.execute(
                "SELECT etag, delivered FROM snapshots WHERE studio = ? AND profile = ?",
                [studio, profile],
            ).fetchone()
            last = "SELECT max(sequence) FROM events WHERE profile = ?"
            (sequence,) = db.execute(last, [profile]).fetchone()
        etag, delivered = snapshot or ("", 0)
        return Standing(etag, delivered, sequence or 0)

    def events(self, profile: str, *, after: int = 0) -> list[NodeEvent]:
        """The profile's events after the one of this sequence number, in local order."""
        sql = "SELECT sequence, CAST(body AS BLOB) FROM events WHERE profile = ? AND sequence > ?"
        return self._events(f"{sql} ORDER BY sequence", [profile, after])

    def answered(self, studio: str, upto: int) -> set[int]:
        """Sequence numbers of the events in the studio's deliveries up to this number."""
        with self._reading() as db:
            sql = "SELECT event FROM deliveries WHERE studio = ? AND number <= ?"
            return {event for (event,) in db.execute(sql, [studio, upto]).fetchall()}

    def waiting(self, studio: str, limit: int) -> list[NodeEvent]:
        """The first events the studio has not answered for."""
        sql = f"SELECT sequence, CAST(body AS BLOB) {_WAITING} ORDER BY sequence LIMIT ?"
        return self._events(sql, [studio, limit])

    def count_waiting(self, studio: str) -> int:
        """How many events the studio has not answered for."""
        with self._reading() as db:
            return int(db.execute(f"SELECT count(*) {_WAITING}", [studio]).fetchone()[0])

    def deliver(self, studio: str, sequences: Sequence[int], refusal: str | None = None) -> None:
        """The studio has answered for these events: it has them, or (``refusal``) never will."""
        with self._writing() as db:
            db.conn.executemany(
                "INSERT OR IGNORE INTO deliveries (studio, event, refusal) VALUES (?, ?, ?)",
                [(studio, sequence, refusal) for sequence in sequences],
            )

    def delivered(self, studio: str) -> int:
        """The number of the last delivery to the studio, 0 where there was none."""
        with self._reading() as db:
            last = "SELECT max(number) FROM deliveries WHERE studio = ?"
            return int(db.execute(last, [studio]).fetchone()[0] or 0)

    def refusals(self, studio: str) -> list[str]:
        """Why events were refused for good, the first one first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT refusal FROM deliveries WHERE studio = ? AND refusal IS NOT NULL"
                " ORDER BY number",
                [studio],
            ).fetchall()
        return [refusal for (refusal,) in rows]

    # --- snapshots ---------------------------------------------------------------------------

    def snapshot(self, studio: str, profile: str) -> StudioSnapshot | None:
        """The studio's last snapshot; None where there was none yet."""
        with self._reading() as db:
            row = db.execute(
                "SELECT etag, delivered, body FROM snapshots WHERE studio = ? AND profile = ?",
                [studio, profile],
            ).fetchone()
        return StudioSnapshot(*row) if row else None

    def keep_snapshot(self, studio: str, profile: str, found: StudioSnapshot) -> None:
        """Keep a snapshot, unless another process has one that holds more of our events."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO snapshots VALUES (:studio, :profile, :etag, :delivered, :body)"
                " ON CONFLICT DO UPDATE SET etag = :etag, delivered = :delivered, body = :body"
                " WHERE delivered <= :delivered",
                {"studio": studio, "profile": profile, **found._asdict()},
            )

    def confirm_snapshot(self, studio: str, profile: str, etag: str, delivered: int) -> None:
        """The snapshot of this tag is still the studio's, with deliveries up to this number."""
        with self._writing() as db:
            db.execute(
                "UPDATE snapshots SET delivered = :delivered WHERE studio = :studio"
                " AND profile = :profile AND etag = :etag AND delivered < :delivered",
                {"studio": studio, "profile": profile, "etag": etag, "delivered": delivered},
            )

    # --- files -------------------------------------------------------------------------------

    def hashes(self) -> dict[str, FileHash]:
        """Every known digest of a file, by path."""
        with self._reading() as db:
            return HashRecords(db).all()

    def put_hash(self, found: FileHash) -> None:
        """Keep the digest of a file; a former one of the same path is replaced."""
        with self._writing() as db:
            HashRecords(db).put(found)

    # --- transactions ------------------------------------------------------------------------

    def _events(self, sql: str, values: Sequence[str | int]) -> list[NodeEvent]:
        with self._reading() as db:
            return [NodeEvent(*row) for row in db.execute(sql, values).fetchall()]

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        with self._lock, self._guarded():
            yield self._db

    @contextmanager
    def _writing(self) -> Iterator[Database]:
        """A transaction that waits for other processes at its begin, and nowhere else."""
        with self._lock, self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"{self._path} could not be read or written: {error}. Check its disk; a damaged "
                "file is set aside when ComfyUI starts again."
            ) from error


def _json(value: object) -> str:
    return _whole(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _whole(text: str) -> str:
    """A text without halves of characters, as are left where one is cut: no file holds them."""
    return text.encode("utf-8", "replace").decode()


def _dumped(candidate: Candidate | None) -> str | None:
    return None if candidate is None else _json(asdict(candidate))


def _loaded(candidate: str | None) -> Candidate | None:
    if candidate is None:
        return None
    made = json.loads(candidate)
    return Candidate(made["checkpoint"], tuple(LoraUse(**use) for use in made["loras"]))
