"""Opening ``nodes.db``; a damaged one is set aside, so that the nodes go on."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from sqlite_utils import Database

from vibes.errors import DatabaseTooNew, StorageError

from .database import open_migrated
from .node_schema import migrations

FILE_NAME = "nodes.db"
_DAMAGE = ("not a database", "malformed")
_WITH_IT = ("", "-wal", "-shm")  # how SQLite names what belongs to one database

logger = logging.getLogger(__name__)


def open_nodes(folder: Path) -> Database:
    """The migrated database in ``folder``, made if absent; for one thread at a time.

    Several processes may open it at once. A damaged one is set aside under another name, which the
    log tells. Raises DatabaseTooNew for a file of a newer version, which is left as it is, and
    StorageError where the folder cannot be used.
    """
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _opened(path)
    except DatabaseTooNew as error:
        raise DatabaseTooNew(
            f"{path} was written by a newer version of the Vibes nodes. Update them, or move that "
            "file away: the nodes then start with nothing learned."
        ) from error
    except (OSError, StorageError) as error:
        why = error.__cause__ or error
        raise StorageError(
            f"{path}, where the Vibes nodes keep what they learn, cannot be used: "
            f"{getattr(why, 'strerror', None) or why}. Let ComfyUI write there, or give it another "
            "folder with --user-directory."
        ) from error


def _opened(path: Path) -> Database:
    seen = _identity(path)
    try:
        return _sound(path)
    except StorageError as error:
        if not _is_damage(error.__cause__):
            raise
    if _identity(path) == seen:  # else another process was quicker
        _set_aside(path)
    return _sound(path)


def _sound(path: Path) -> Database:
    db = open_migrated(path, migrations, bound_to_thread=False)
    try:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict == "ok":
        return db
    db.close()
    raise StorageError(f"{path} is damaged.") from sqlite3.DatabaseError(f"malformed: {verdict}")


def _is_damage(cause: BaseException | None) -> bool:
    """Whether the file itself is the matter, and not the disk or another program."""
    return isinstance(cause, sqlite3.Error) and any(word in str(cause) for word in _DAMAGE)


def _identity(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def _set_aside(path: Path) -> None:
    now = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{os.getpid()}"
    aside = path.with_name(f"{path.stem}-damaged-{now}{path.suffix}")
    for end in _WITH_IT:
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").replace(f"{aside}{end}")
    logger.warning(
        "%s was damaged: it is set aside as %s, and the Vibes nodes start with nothing learned.",
        path,
        aside.name,
    )
