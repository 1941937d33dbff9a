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


_SECOND_CHANGES = (
    "ALTER TABLE grids ADD COLUMN priority INTEGER NOT NULL DEFAULT 0"
    " CHECK (priority BETWEEN -1 AND 1)",
    "ALTER TABLE grids ADD COLUMN rank REAL NOT NULL DEFAULT 0",
    "UPDATE grids SET rank = rowid",
    "ALTER TABLE images ADD COLUMN rank REAL NOT NULL DEFAULT 0",
    "ALTER TABLE images ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1))",
    "UPDATE images SET rank = position",
    "CREATE INDEX images_by_state ON images (batch_id, state)",
    "CREATE INDEX images_failed ON images (batch_id) WHERE state = 'failed'",
    "ALTER TABLE jobs ADD COLUMN state TEXT NOT NULL DEFAULT 'returned' CHECK (state IN"
    " ('submitted', 'collected', 'failed', 'cancelled', 'returned', 'adrift'))",
    "ALTER TABLE jobs ADD COLUMN error TEXT",
    "ALTER TABLE jobs ADD COLUMN ended TEXT",
    # Of an open image the last attempt was looked up after a restart; the others may still run.
    """
    UPDATE jobs SET state = CASE
        WHEN rowid = (SELECT max(rowid) FROM jobs AS other WHERE other.image_id = jobs.image_id)
        THEN 'submitted' ELSE 'adrift' END
    WHERE image_id IN (SELECT id FROM images WHERE state = 'submitted')""",
    """
    UPDATE jobs SET state = (SELECT state FROM images WHERE images.id = image_id)
    WHERE rowid IN (
        SELECT max(jobs.rowid) FROM jobs JOIN images ON images.id = image_id
        WHERE images.state IN ('collected', 'failed', 'cancelled')
            AND jobs.server = coalesce(images.server, jobs.server)
        GROUP BY image_id
    )""",
    "CREATE INDEX jobs_open ON jobs (state) WHERE state IN ('submitted', 'adrift')",
    """
    CREATE TABLE faults (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        server TEXT NOT NULL,
        time TEXT NOT NULL,
        kind TEXT NOT NULL,
        sentence TEXT NOT NULL,
        image_id TEXT
    )""",
    "CREATE INDEX faults_by_server ON faults (server)",
)


@migrations()
def m002_queue(db: Database) -> None:
    """Places in the line, what became of every attempt of a job, and the servers' faults."""
    for statement in _SECOND_CHANGES:
        db.execute(statement)


_THIRD_CHANGES = (
    "ALTER TABLE images ADD COLUMN choice TEXT",
    # What an event has the last word on, until a later one settles the same; NULL: nothing.
    "ALTER TABLE events ADD COLUMN settles TEXT",
    # A grid's outcome tells its images, a rating is of one; a damaged row settles nothing.
    """
    UPDATE events SET settles = CASE
        WHEN json_extract(body, '$.type') IN ('GridSubmitted', 'GridRejected')
            THEN 'outcome ' || batch
        WHEN json_extract(body, '$.type') = 'ImageRated'
            THEN 'rating ' || json_extract(body, '$.image') END
    WHERE json_valid(body)""",
    "CREATE INDEX events_by_settled ON events (settles) WHERE settles IS NOT NULL",
    """
    CREATE TABLE forgettings (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        time TEXT NOT NULL,
        profile TEXT,
        kind TEXT NOT NULL,
        what TEXT,
        events INTEGER NOT NULL,
        undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
    )""",
)


@migrations()
def m003_taste(db: Database) -> None:
    """How each image's models were chosen, and what the user had forgotten."""
    for statement in _THIRD_CHANGES:
        db.execute(statement)


_FOURTH_CHANGES = (
    """
    CREATE TABLE lora_effects (
        checkpoint TEXT,
        lora TEXT,
        server TEXT,
        works INTEGER CHECK (works IN (0,1)),
        how TEXT CHECK (how IN ('keys','control')),
        keys INTEGER,
        time TEXT,
        PRIMARY KEY (checkpoint, lora, server)
    )""",
    """
    CREATE TABLE blocks (
        profile TEXT NOT NULL REFERENCES profiles (name) ON DELETE CASCADE,
        kind TEXT CHECK (kind IN ('lora','tag','family')),
        value TEXT NOT NULL,
        PRIMARY KEY (profile, kind, value)
    )""",
    """
    CREATE TABLE pool_edits (
        tier TEXT,
        checkpoint TEXT,
        member INTEGER CHECK (member IN (0,1)),
        PRIMARY KEY (tier, checkpoint)
    )""",
    """
    CREATE TABLE file_hashes (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    )""",
    # Sentences by the level of explanation they belong to.
    "ALTER TABLE images ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
)


@migrations()
def m004_choices(db: Database) -> None:
    """What LoRAs really change, blocks, pools as edited, files' hashes, and reasons in depth."""
    for statement in _FOURTH_CHANGES:
        db.execute(statement)


_FIFTH_CHANGES = (
    # When it was put into the bin; NULL: it is not in there.
    "ALTER TABLE images ADD COLUMN binned TEXT",
    "CREATE INDEX images_binned ON images (binned) WHERE binned IS NOT NULL",
    """
    CREATE TABLE scorings (
        image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
        wanted INTEGER NOT NULL CHECK (wanted IN (0,1)),
        model TEXT,
        pixels TEXT,
        prompt TEXT,
        scorer TEXT,
        error TEXT
    )""",
    "CREATE INDEX scorings_wanted ON scorings (image_id) WHERE wanted = 1",
)


@migrations()
def m005_scoring(db: Database) -> None:
    """Which model scored each image or is to, and which images lie in the bin."""
    for statement in _FIFTH_CHANGES:
        db.execute(statement)


@migrations()
def m006_ran(db: Database) -> None:
    """The models that really made each image, as its server told."""
    db.execute(
        """
        CREATE TABLE ran (
            image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
            models TEXT NOT NULL
        )"""
    )


@migrations()
def m007_sizes(db: Database) -> None:
    """The size of each picture, in pixels; NULL where it was not looked at."""
    for side in ("width", "height"):
        db.execute(f"ALTER TABLE images ADD COLUMN {side} INTEGER")
