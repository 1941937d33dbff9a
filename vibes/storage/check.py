"""Checking a data directory: does the database hold together, and do rows and files agree?"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from .database import open_database
from .grids import GridRecords
from .pictures import PictureFiles


def check(data_dir: Path) -> list[str]:
    """One sentence per fault found, none when all is well; raises StorageError as opening does."""
    db = open_database(data_dir)
    try:
        return [*_database_faults(db), *_file_faults(db, PictureFiles(data_dir))]
    finally:
        db.close()


def _database_faults(db: Database) -> list[str]:
    answers = [row[0] for row in db.execute("PRAGMA integrity_check").fetchall()]
    faults = [f"The database is damaged: {answer}." for answer in answers if answer != "ok"]
    orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    return faults + [
        f"Row {row_id} of {table} points at a row of {parent} that does not exist."
        for table, row_id, parent, _ in orphans
    ]


def _file_faults(db: Database, files: PictureFiles) -> list[str]:
    rows = GridRecords(db).image_ids()
    stored = frozenset(files.stored_ids())
    missing = [f"Image {image} is collected, but its picture is gone." for image in rows - stored]
    orphans = [f"Picture {image}.png belongs to no image." for image in stored - rows]
    return sorted(missing) + sorted(orphans)
