"""The tables of ``nodes.db``, which ComfyUI's processes share, and how they came to be.

A migration is never edited once released: a change is a new function below the last one.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("nodes")

_FIRST_TABLES = (
    # In this order projections fold them; of several that settle the same the last one counts.
    """
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX events_by_profile ON events (profile, sequence)",
    # What a studio has answered for; refusal: why it will never take the event.
    """
    CREATE TABLE deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        studio TEXT NOT NULL,
        event INTEGER NOT NULL REFERENCES events (sequence) ON DELETE CASCADE,
        refusal TEXT,
        UNIQUE (studio, event)
    )""",
    # delivered: the number of the last delivery before it was asked for.
    """
    CREATE TABLE snapshots (
        studio TEXT,
        profile TEXT,
        etag TEXT NOT NULL,
        delivered INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (studio, profile)
    )""",
    """
    CREATE TABLE pictures (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        image TEXT NOT NULL UNIQUE,
        prompt TEXT NOT NULL,
        candidate TEXT,
        batch TEXT NOT NULL,
        time TEXT NOT NULL
    )""",
    """
    CREATE TABLE file_hashes (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    )""",
)


@migrations()
def m001_initial(db: Database) -> None:
    """Events and their way to studios, studios' snapshots, pictures shown, hashes of files."""
    for statement in _FIRST_TABLES:
        db.execute(statement)
