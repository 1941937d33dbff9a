"""Grids and their images as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from vibes.errors import NotFound
from vibes.preferences import Choice
from vibes.recipes import Recipe
from vibes.stages import Brief, Grid, Image, ImageState, Selection

from .database import MALFORMED, fault, unreadable

Row = dict[str, Any]


_RANK_LAST = """
    UPDATE grids AS this SET rank = 1 + (SELECT max(rank) FROM grids AS other
        WHERE other.session_id = this.session_id) WHERE id = ?"""


_CUT_LOOSE = """
    UPDATE jobs SET state = 'adrift' WHERE state = 'submitted' AND image_id IN
        (SELECT id FROM images WHERE batch_id = ? AND state != 'submitted')"""
"""What is on its way for images nobody waits for any more; servers may still have it."""


class GridRecords:
    """The grids and images tables."""

    def __init__(self, db: Database):
        self._db = db

    def add(self, grid: Grid) -> None:
        """Store a new grid with its images, as the one visited last."""
        with self._db.atomic():
            self._db.table("grids").insert(_grid_row(grid))
            self._db.execute(_RANK_LAST, [grid.id])
            self._db.table("images").insert_all(_image_row(image) for image in grid.images)
            self.visit(grid.id)

    def get(self, batch_id: str) -> Grid:
        """One grid with its images; raises NotFound."""
        rows = list(self._db.query("SELECT * FROM grids WHERE id = ?", [batch_id]))
        if not rows:
            raise NotFound(f"There is no batch '{batch_id}'.")
        return _grid(rows[0], self._images("batch_id = ?", [batch_id]))

    def of_session(self, session_id: str) -> list[Grid]:
        """All grids of a session with their images, oldest first."""
        images: dict[str, list[Image]] = {}
        inside = "batch_id IN (SELECT id FROM grids WHERE session_id = ?)"
        for image in self._images(inside, [session_id]):
            images.setdefault(image.batch_id, []).append(image)
        rows = self._db.query(
            "SELECT * FROM grids WHERE session_id = ? ORDER BY rowid", [session_id]
        )
        return [_grid(row, images.get(row["id"], [])) for row in rows]

    def visit(self, batch_id: str) -> None:
        """Remember that the user stands in this grid now."""
        self._db.execute(
            "UPDATE grids AS this SET visit = 1 + (SELECT max(visit) FROM grids AS other"
            " WHERE other.session_id = this.session_id) WHERE id = ?",
            [batch_id],
        )

    def leave(self, grid: Grid) -> None:
        """Store how the user left a grid: its outcome, selections and cancelled images."""
        left = [(image.selection, image.state, image.id) for image in grid.images]
        with self._db.atomic():
            self._db.table("grids").update(grid.id, {"outcome": grid.outcome, "paused": 0})
            self._db.conn.executemany(
                "UPDATE images SET selection = ?, state = ?, held = 0 WHERE id = ?", left
            )
            self._db.execute(_CUT_LOOSE, [grid.id])

    def discard(self, session_id: str) -> list[str]:
        """Disown all pictures of a session, so that their files can go; gives the images' ids.

        Until the session itself is deleted its images are cancelled ones.
        """
        inside = "batch_id IN (SELECT id FROM grids WHERE session_id = ?)"
        with self._db.atomic():
            found = self._db.execute(
                f"SELECT id, batch_id FROM images WHERE {inside}", [session_id]
            )
            images = found.fetchall()
            self._db.execute(
                f"UPDATE images SET state = 'cancelled', held = 0 WHERE {inside}", [session_id]
            )
            for batch_id in dict.fromkeys(batch for _, batch in images):
                self._db.execute(_CUT_LOOSE, [batch_id])
        return [image for image, _ in images]

    def pause(self, batch_id: str, *, paused: bool) -> None:
        """Mark a grid paused or running again."""
        self._db.table("grids").update(batch_id, {"paused": int(paused)})

    def image(self, image_id: str) -> Image:
        """One image; raises NotFound."""
        found = self._images("id = ?", [image_id])
        if not found:
            raise NotFound(f"There is no image '{image_id}'.")
        return found[0]

    def set_choices(self, choices: Mapping[str, Choice]) -> None:
        """Store how the models of images, by id, were chosen; of deleted images it says nothing."""
        with self._db.atomic():
            self._db.conn.executemany(
                "UPDATE images SET choice = ? WHERE id = ?",
                [(_choice_json(choice), image) for image, choice in choices.items()],
            )

    def set_priority(self, batch_id: str, priority: int) -> None:
        """Store a grid's priority: -1, 0 or 1."""
        self._db.execute("UPDATE grids SET priority = ? WHERE id = ?", [priority, batch_id])

    def hold(self, image_id: str, *, held: bool) -> None:
        """Mark one image paused or waiting again."""
        self._db.execute("UPDATE images SET held = ? WHERE id = ?", [int(held), image_id])

    def reopen(self, image_ids: Iterable[str]) -> None:
        """Let failed images be made once more."""
        again = "UPDATE images SET state = 'planned', error = NULL, server = NULL, held = 0"
        with self._db.atomic():
            self._db.conn.executemany(f"{again} WHERE id = ?", [(image,) for image in image_ids])

    def state_of(self, image_id: str) -> ImageState | None:
        """The state of an image; None where there is no such image any more."""
        rows = list(self._db.query("SELECT state FROM images WHERE id = ?", [image_id]))
        return rows[0]["state"] if rows else None

    def select(self, image_id: str, selection: Selection) -> Image:
        """Store a selection; raises NotFound."""
        self.image(image_id)
        self._db.table("images").update(image_id, {"selection": selection})
        return self.image(image_id)

    def stage(self, batch_id: str | None) -> int:
        """The stage of a grid; 0 where there is none yet."""
        rows = list(self._db.query("SELECT stage FROM grids WHERE id = ?", [batch_id]))
        return int(rows[0]["stage"]) if rows else 0

    def image_ids(self) -> frozenset[str]:
        """The ids of all collected images: each has its files in the data directory."""
        rows = self._db.query("SELECT id FROM images WHERE state = 'collected'")
        return frozenset(row["id"] for row in rows)

    def unlanded_ids(self) -> list[str]:
        """The ids of all images without a picture; files of theirs are leftovers."""
        rows = self._db.execute("SELECT id FROM images WHERE state != 'collected'")
        return [image for (image,) in rows.fetchall()]

    def faults(self) -> Iterator[str]:
        """One sentence for each brief and each recipe that cannot be read."""
        readers = (("grids", "The brief of batch", _brief), ("images", "Image", _image))
        for table, what, read in readers:
            for row in self._db.query(f"SELECT * FROM {table} ORDER BY rowid"):
                try:
                    read(dict(row))
                except MALFORMED as error:
                    yield fault(f"{what} {row['id']}", error)

    def _images(self, where: str, parameters: Iterable[Any]) -> list[Image]:
        rows = self._db.query(
            f"SELECT * FROM images WHERE {where} ORDER BY batch_id, position", list(parameters)
        )
        return [_readable(row) for row in rows]


def _grid_row(grid: Grid) -> Row:
    return {
        "id": grid.id,
        "session_id": grid.session_id,
        "parent_id": grid.parent_id,
        "stage": grid.stage,
        "action": grid.action,
        "brief": json.dumps(asdict(grid.brief), ensure_ascii=False),
        "paused": int(grid.paused),
        "priority": grid.priority,
        "outcome": grid.outcome,
        "visit": grid.visit,
        "created": grid.created,
    }


def _grid(row: Mapping[str, Any], images: Iterable[Image]) -> Grid:
    try:
        brief = _brief(row)
    except MALFORMED as error:
        raise unreadable(f"The brief of batch {row['id']}", error) from error
    stored = {**row, "brief": brief, "paused": bool(row["paused"])}
    del stored["rank"]
    return Grid(**stored, images=tuple(images))


def _brief(row: Mapping[str, Any]) -> Brief:
    return Brief(**json.loads(row["brief"]))


def _image_row(image: Image) -> Row:
    return {
        "id": image.id,
        "batch_id": image.batch_id,
        "parent_id": image.parent_id,
        "position": image.index,
        "rank": image.index,
        "held": int(image.held),
        "recipe": json.dumps(image.recipe.to_dict(), ensure_ascii=False),
        "reason": image.reason,
        "state": image.state,
        "selection": image.selection,
        "server": image.server,
        "error": image.error,
        "scores": json.dumps(dict(image.scores)),
        "choice": _choice_json(image.choice),
        "details": json.dumps(dict(image.details), ensure_ascii=False),
        "binned": image.binned,
        "width": image.size and image.size[0],
        "height": image.size and image.size[1],
    }


def _choice_json(choice: Choice | None) -> str | None:
    return None if choice is None else json.dumps(choice.to_dict(), ensure_ascii=False)


def details_from_json(text: str) -> dict[str, tuple[str, ...]]:
    """Sentences by level, as they are stored."""
    return {level: tuple(said) for level, said in json.loads(text).items()}


def _readable(row: Row) -> Image:
    try:
        return _image(dict(row))
    except MALFORMED as error:
        raise unreadable(f"Image {row['id']}", error) from error


def _image(row: Row) -> Image:
    index, held = row.pop("position"), bool(row.pop("held"))
    del row["rank"]
    recipe = Recipe.from_dict(json.loads(row.pop("recipe")))
    scores = dict(json.loads(row.pop("scores")))
    told = row.pop("choice")
    choice = None if told is None else Choice.from_dict(json.loads(told))
    details = details_from_json(row.pop("details"))
    width, height = row.pop("width"), row.pop("height")
    return Image(
        **row,
        index=index,
        recipe=recipe,
        held=held,
        scores=scores,
        choice=choice,
        details=details,
        size=None if width is None else (width, height),
    )
