"""Opening the databases of a data directory: ``vibes.db``, and what else is kept as one file."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlite_utils import Database, Migrations

from vibes.errors import DatabaseTooNew, StorageError

from .schema import migrations

FILE_NAME = "vibes.db"
BUSY_TIMEOUT_MS = 5_000
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading JSON raises that a damaged disk or another hand has changed."""

_DISK = ("full", "readonly", "unable to open", "disk I/O")
"""What SQLite says when not the file but the disk below is the matter; 3.10 has no error codes."""


def open_database(data_dir: Path) -> Database:
    """The migrated database in ``data_dir``, made if absent; bound to the calling thread.

    Raises DatabaseTooNew for a file of a newer Vibes and StorageError when the directory cannot
    be written or the file is not a database; the file is then as it was.
    """
    return open_migrated(data_dir / FILE_NAME, migrations)


def open_migrated(path: Path, migrations: Migrations, *, bound_to_thread: bool = True) -> Database:
    """A database brought up to date; raises as ``open_database`` does.

    Several processes may open the same one at once. Where it is not ``bound_to_thread``, whoever
    uses it sees to it that one thread does at a time.
    """
    data_dir = path.parent
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return _connect(path, migrations, bound_to_thread=bound_to_thread)
    except OSError as error:
        raise StorageError(
            f"The data directory {data_dir} cannot be used: {error.strerror or error}. "
            "Choose another with --data-dir or VIBES_DATA_DIR."
        ) from error
    except sqlite3.Error as error:
        sentence = f"{path} cannot be opened as a Vibes database: {error}."
        raise StorageError(f"{sentence} {advice(error)}") from error


def advice(error: sqlite3.Error | OSError) -> str:
    """What to do about a database that cannot be read or written, as a sentence."""
    reason = str(error)
    if "locked" in reason:
        return "Another program is using it: close that one and try again."
    if isinstance(error, OSError) or any(hint in reason for hint in _DISK):
        return "Check that its disk has room and can be written."
    return "`vibes db check` tells more; restore it from a backup or choose another --data-dir."


def unreadable(what: str, error: Exception) -> StorageError:
    """The error for a row that holds something else than was stored."""
    return StorageError(f"{fault(what, error)} `vibes db check` lists all that is damaged.")


def fault(what: str, error: Exception) -> str:
    """A row that holds something else than was stored, as a sentence."""
    reason = str(error).rstrip(".") or type(error).__name__
    return f"{what} in {FILE_NAME} cannot be read: {reason}."


def _connect(path: Path, migrations: Migrations, *, bound_to_thread: bool) -> Database:
    db = Database(sqlite3.connect(path, check_same_thread=bound_to_thread))
    try:
        for pragma in ("foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
            db.execute(f"PRAGMA {pragma}")
        _refuse_newer(db, path, migrations)
        _enable_wal(db)
        db.execute("PRAGMA synchronous=NORMAL")
        if migrations.pending(db):
            _migrate(db, migrations)
    except BaseException:
        db.close()
        raise
    return db


def _enable_wal(db: Database) -> None:
    """When others open a new file at the same moment, SQLite does not wait for them here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            return db.enable_wal()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _migrate(db: Database, migrations: Migrations) -> None:
    """Bring the tables up to date; of several processes one does it, the others wait for it."""
    db.execute("BEGIN IMMEDIATE")
    with db.atomic():
        migrations.apply(db)
    db.commit()


def _refuse_newer(db: Database, path: Path, migrations: Migrations) -> None:
    applied = {migration.name for migration in migrations.applied(db)}
    newer = applied - _known_names(migrations)
    if newer:
        raise DatabaseTooNew(
            f"{path} was written by a newer version of Vibes (it has {', '.join(sorted(newer))}). "
            "Update Vibes, or choose another --data-dir."
        )


def _known_names(migrations: Migrations) -> set[str]:
    """Every migration of this version: what is pending for an empty database."""
    empty = Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()
