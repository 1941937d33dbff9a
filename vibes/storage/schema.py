"""The tables of ``vibes.db`` and how they came to be.

A migration is never edited once released: a change is a new function below the last one.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("vibes")

_FIRST_TABLES = (
    """
    CREATE TABLE profiles (
        name TEXT PRIMARY KEY,
        learning INTEGER NOT NULL DEFAULT 1 CHECK (learning IN (0, 1)),
        created TEXT NOT NULL
    )""",
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        flow TEXT NOT NULL,
        profile TEXT NOT NULL REFERENCES profiles (name),
        batch_id TEXT REFERENCES grids (id) ON DELETE SET NULL,
        created TEXT NOT NULL
    )""",
    """
    CREATE TABLE grids (
        id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        parent_id TEXT REFERENCES grids (id) ON DELETE CASCADE,
        stage INTEGER NOT NULL CHECK (stage >= 0),
        action TEXT NOT NULL,
        brief TEXT NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
        outcome TEXT CHECK (outcome IN ('submitted', 'rejected')),
        visit INTEGER NOT NULL DEFAULT 0,
        created TEXT NOT NULL
    )""",
    "CREATE INDEX grids_by_session ON grids (session_id)",
    "CREATE INDEX grids_by_parent ON grids (parent_id)",
    """
    CREATE TABLE images (
        id TEXT PRIMARY KEY,
        batch_id TEXT NOT NULL REFERENCES grids (id) ON DELETE CASCADE,
        parent_id TEXT REFERENCES images (id) ON DELETE SET NULL,
        position INTEGER NOT NULL CHECK (position >= 0),
        recipe TEXT NOT NULL,
        reason TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('planned', 'submitted', 'collected', 'failed', 'cancelled')),
        selection TEXT NOT NULL DEFAULT 'none'
            CHECK (selection IN ('none', 'selected', 'rejected')),
        server TEXT,
        error TEXT,
        scores TEXT NOT NULL DEFAULT '{}',
        UNIQUE (batch_id, position)
    )""",
    "CREATE INDEX images_by_parent ON images (parent_id)",
    "CREATE INDEX images_open ON images (state) WHERE state IN ('planned', 'submitted')",
    """
    CREATE TABLE jobs (
        prompt_id TEXT PRIMARY KEY,
        image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        server TEXT NOT NULL,
        graph_hash TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        submitted TEXT NOT NULL
    )""",
    "CREATE INDEX jobs_by_image ON jobs (image_id)",
    """
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        batch TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX events_by_batch ON events (batch)",
)


@migrations()
def m001_initial(db: Database) -> None:
    """Profiles, sessions with their grids and images, jobs, and the append-only events."""
    for statement in _FIRST_TABLES:
        db.execute(statement)
