"""The line of open jobs as rows: what waits, in which order, for whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from vibes.errors import Conflict, NotFound
from vibes.recipes import Recipe
from vibes.stages import ImageState

from . import ranks
from .database import MALFORMED, unreadable
from .grids import details_from_json

_OPEN = "('planned', 'submitted')"
_SHOWN = "('planned', 'submitted', 'failed')"
_SPOT = (
    "images.id AS image_id, batch_id, session_id, priority, grids.rank AS batch_rank,"
    " images.rank AS image_rank, held"
)
_LINE = f"FROM images JOIN grids ON grids.id = batch_id WHERE state IN {_OPEN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an open image stands in the line; lower ranks first."""

    image_id: str
    batch_id: str
    session_id: str
    priority: int
    batch_rank: float
    image_rank: float
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """An image that is still to be made, and where it stands."""

    spot: Spot
    recipe: Recipe
    reason: str
    details: Mapping[str, tuple[str, ...]]
    paused: bool
    """Whether its whole batch is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedImage:
    """An image that waits, is being made, or failed."""

    id: str
    batch_id: str
    index: int
    state: ImageState
    held: bool
    server: str | None
    error: str | None
    checkpoint: str
    loras: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedBatch:
    """A grid with such images."""

    id: str
    session_id: str
    session_name: str
    prompt: str
    stage: int
    priority: int
    paused: bool
    rank: float
    counts: Mapping[ImageState, int]
    images: tuple[QueuedImage, ...]


class QueueRecords:
    """Grids and images as the line sees them."""

    def __init__(self, db: Database):
        self._db = db

    def open_jobs(self, batch_id: str | None = None) -> list[OpenJob]:
        """Every image still to be made, or every one of a batch, in the order they were planned."""
        which = "" if batch_id is None else "AND batch_id = :batch_id"
        rows = self._db.query(
            f"SELECT {_SPOT}, recipe, reason, details, paused {_LINE} {which}"
            " ORDER BY grids.rowid, images.position",
            {"batch_id": batch_id},
        )
        return [_open_job(row) for row in rows]

    def spot(self, image_id: str) -> Spot | None:
        """Where an image stands; None when it is not open any more."""
        rows = self._db.query(f"SELECT {_SPOT} {_LINE} AND images.id = ?", [image_id])
        return next((_spot(row) for row in rows), None)

    def spots(self, session_id: str) -> list[Spot]:
        """Where all open images of a session stand."""
        inside = "AND batch_id IN (SELECT id FROM grids WHERE session_id = ?)"
        rows = self._db.query(f"SELECT {_SPOT} {_LINE} {inside}", [session_id])
        return [_spot(row) for row in rows]

    def move_batch(self, batch_id: str, before: str | None) -> None:
        """Let a batch go right before another of its session, or last.

        Raises NotFound, and Conflict for a batch of another session.
        """
        session = self._owner("grids", "session_id", "batch", batch_id)
        if before and self._owner("grids", "session_id", "batch", before) != session:
            raise Conflict("A batch can only be moved among the batches of its own session.")
        self._move("grids", "session_id", session, batch_id, before)

    def move_image(self, image_id: str, before: str | None) -> None:
        """Let an image go right before another of its batch, or last.

        Raises NotFound, and Conflict for an image of another batch.
        """
        batch = self._owner("images", "batch_id", "image", image_id)
        if before and self._owner("images", "batch_id", "image", before) != batch:
            raise Conflict("An image can only be moved among the images of its own batch.")
        self._move("images", "batch_id", batch, image_id, before)

    def batches(self, *, failed: int) -> list[QueuedBatch]:
        """The grids with open images, then the ``failed`` newest of those with failed ones only."""
        open_ids = f"SELECT batch_id FROM images WHERE state IN {_OPEN}"
        waiting = self._batches(f"grids.id IN ({open_ids}) ORDER BY grids.rank, grids.rowid")
        broken = self._batches(
            "grids.id IN (SELECT batch_id FROM images WHERE state = 'failed')"
            f" AND grids.id NOT IN ({open_ids}) ORDER BY grids.rowid DESC LIMIT {failed:d}"
        )
        return [*waiting, *broken]

    def _batches(self, which: str) -> list[QueuedBatch]:
        rows = list(
            self._db.query(
                "SELECT grids.id, session_id, sessions.name AS session_name,"
                " json_extract(brief, '$.prompt') AS prompt, stage, priority, paused, rank"
                f" FROM grids JOIN sessions ON sessions.id = session_id WHERE {which}"
            )
        )
        ids = [row["id"] for row in rows]
        images, counts = self._images(ids), self._counts(ids)
        return [
            QueuedBatch(
                **{**row, "paused": bool(row["paused"])},
                counts=counts[row["id"]],
                images=tuple(images[row["id"]]),
            )
            for row in rows
        ]

    def _images(self, batch_ids: Collection[str]) -> dict[str, list[QueuedImage]]:
        rows = self._db.query(
            "SELECT id, batch_id, position, state, held, server, error,"
            " json_extract(recipe, '$.candidate.checkpoint') AS checkpoint,"
            " json_extract(recipe, '$.candidate.loras') AS loras FROM images"
            f" WHERE batch_id IN (SELECT value FROM json_each(?)) AND state IN {_SHOWN}"
            " ORDER BY rank, position",
            [json.dumps(list(batch_ids))],
        )
        found: dict[str, list[QueuedImage]] = {batch_id: [] for batch_id in batch_ids}
        for row in rows:
            index, loras, held = row.pop("position"), json.loads(row.pop("loras")), row.pop("held")
            image = QueuedImage(**row, index=index, loras=loras, held=bool(held))
            found[image.batch_id].append(image)
        return found

    def _counts(self, batch_ids: Collection[str]) -> dict[str, dict[ImageState, int]]:
        rows = self._db.execute(
            "SELECT batch_id, state, count(*) FROM images"
            " WHERE batch_id IN (SELECT value FROM json_each(?)) GROUP BY batch_id, state",
            [json.dumps(list(batch_ids))],
        )
        counts: dict[str, dict[ImageState, int]] = {batch_id: {} for batch_id in batch_ids}
        for batch_id, state, images in rows.fetchall():
            counts[batch_id][state] = images
        return counts

    def _owner(self, table: str, owner: str, what: str, id: str) -> str:
        row = self._db.execute(f"SELECT {owner} FROM {table} WHERE id = ?", [id]).fetchone()
        if row is None:
            raise NotFound(f"There is no {what} '{id}'.")
        return str(row[0])

    def _move(self, table: str, owner: str, of: str, item: str, before: str | None) -> None:
        with self._db.atomic():
            rows = self._db.execute(
                f"SELECT id, rank FROM {table} WHERE {owner} = ? ORDER BY rank, rowid", [of]
            ).fetchall()
            changes = ranks.moved(dict(rows), item, before)
            self._db.conn.executemany(
                f"UPDATE {table} SET rank = ? WHERE id = ?",
                [(rank, id) for id, rank in changes.items()],
            )


def _spot(row: Mapping[str, Any]) -> Spot:
    return Spot(**{**row, "held": bool(row["held"])})


def _open_job(row: dict[str, Any]) -> OpenJob:
    recipe, reason, told = (row.pop(name) for name in ("recipe", "reason", "details"))
    paused = bool(row.pop("paused"))
    try:
        return OpenJob(
            spot=_spot(row),
            recipe=Recipe.from_dict(json.loads(recipe)),
            reason=reason,
            details=details_from_json(told),
            paused=paused,
        )
    except MALFORMED as error:
        raise unreadable(f"Image {row['image_id']}", error) from error
