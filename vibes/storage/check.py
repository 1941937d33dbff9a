"""Checking a data directory: does the database hold together, and do rows and files agree?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from vibes.errors import InvalidInput, StorageError

from .database import open_database
from .events import EventRecords
from .grids import GridRecords
from .jobs import JobRecords
from .pictures import PictureFiles
from .prior_file import PriorFile


def check(data_dir: Path) -> list[str]:
    """One sentence per fault found, none when all is well; raises StorageError as opening does."""
    db = open_database(data_dir)
    grids = GridRecords(db)
    looks = (
        partial(_broken_pages, db),
        partial(_broken_links, db),
        EventRecords(db).faults,
        partial(_outcome_faults, db),
        grids.faults,
        JobRecords(db).faults,
        partial(_file_faults, grids, PictureFiles(data_dir)),
        partial(_prior_faults, PriorFile(data_dir)),
    )
    try:
        return list(dict.fromkeys(fault for look in looks for fault in _told(look)))
    finally:
        db.close()


def _told(look: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What a look found, up to where the damage stops it."""
    try:
        yield from look()
    except sqlite3.DatabaseError as error:
        yield f"The database is damaged: {error}."


def _broken_pages(db: Database) -> Iterator[str]:
    for (answer,) in db.execute("PRAGMA integrity_check").fetchall():
        if answer != "ok":
            yield f"The database is damaged: {' '.join(answer.split())}."


def _broken_links(db: Database) -> Iterator[str]:
    for table, row_id, parent, _ in db.execute("PRAGMA foreign_key_check").fetchall():
        yield f"Row {row_id} of {table} points at a row of {parent} that does not exist."


def _outcome_faults(db: Database) -> Iterator[str]:
    """Each time a grid is left it leaves one event: as many as the grids that grew out of it.

    Fewer are right: a profile may learn nothing, and events can be forgotten.
    """
    told = EventRecords(db).outcomes()
    grown = "SELECT count(*) FROM grids AS other WHERE other.parent_id = grids.id"
    for batch, outcome, children in db.execute(f"SELECT id, outcome, ({grown}) FROM grids"):
        submitted, rejected = told[batch, "submitted"], told[batch, "rejected"]
        if (submitted or rejected) and outcome is None:
            yield f"Batch {batch} has an outcome among the events, but was never left."
        elif submitted > children or rejected > children + 1:
            yield f"Batch {batch} has more outcomes among the events than it was left times."


def _file_faults(grids: GridRecords, files: PictureFiles) -> Iterator[str]:
    rows = grids.image_ids()
    originals, thumbnails = frozenset(files.stored_ids()), frozenset(files.thumbnail_ids())
    for image in sorted(rows - originals):
        yield f"Image {image} is collected, but its picture is gone."
    for image in sorted((rows & originals) - thumbnails):
        yield f"Image {image} is collected, but its thumbnail is gone."
    for image in sorted(originals - rows):
        yield f"Picture {image}.png belongs to no image."
    for image in sorted(thumbnails - rows):
        yield f"Thumbnail {image}.webp belongs to no image."
    for part in sorted(files.parts()):
        yield f"{part} was never finished; the studio removes it at its next start."


def _prior_faults(file: PriorFile) -> Iterator[str]:
    try:
        file.read()
    except (InvalidInput, StorageError) as error:
        yield f"The prior learning should start from is not used: {error}"
