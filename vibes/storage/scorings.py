"""Which model scored which image, and which images wait to be scored."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

_WAITING = """
    SELECT images.id FROM images JOIN grids ON grids.id = batch_id
    LEFT JOIN scorings ON image_id = images.id
    WHERE images.state = 'collected' AND binned IS NULL AND {where}
    ORDER BY grids.rowid DESC, position"""

_STALE = "(model IS NULL OR wanted = 1 OR substr(model, 1, length(?)) != ?)"
"""No score of the present model, nor a reason why there is none."""

_LACKING = f"({_STALE} OR scorings.error IS NOT NULL)"
"""No score of the present model, for whatever reason."""

_DONE = """
    SELECT image_id, model, pixels, prompt, scorer, error FROM scorings WHERE model IS NOT NULL"""

_SCORED = """
    SELECT images.id, images.batch_id, session_id, sessions.name AS session_name,
        json_extract(brief, '$.prompt') AS prompt, binned IS NOT NULL AS binned,
        json_extract(scores, '$.adherence') AS adherence
    FROM images JOIN grids ON grids.id = images.batch_id JOIN sessions ON sessions.id = session_id
    WHERE images.state = 'collected' AND json_valid(brief) AND json_valid(scores)
        AND json_extract(scores, '$.adherence') IS NOT NULL
        AND (:session IS NULL OR session_id = :session)
        AND (:profile IS NULL OR profile = :profile)
    ORDER BY grids.rowid DESC, position LIMIT :limit"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSource:
    """Where the score of an image came from: three keys into the score book.

    ``model`` is the model's key, ``pixels`` the hash of the picture, ``prompt`` that of the texts.
    ``scorer`` is what people call the model. ``pixels`` is None for a picture that could not be
    scored; ``error`` then says why.
    """

    image_id: str
    model: str
    pixels: str | None = None
    prompt: str | None = None
    scorer: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredImage:
    """An image with a score, where it belongs, and what was asked of its grid."""

    id: str
    batch_id: str
    session_id: str
    session_name: str
    prompt: str
    binned: bool
    adherence: float


class ScoringRecords:
    """The scorings table, and the scores of images.

    A model is named by the beginning of its key, which is known before the model is loaded.
    """

    def __init__(self, db: Database):
        self._db = db

    def want(self, image_ids: Iterable[str]) -> None:
        """Remember that these are to be scored, also after a restart; unknown ones are none."""
        with self._db.atomic():
            self._db.conn.executemany(
                "INSERT INTO scorings (image_id, wanted) SELECT id, 1 FROM images WHERE id = ?"
                " ON CONFLICT (image_id) DO UPDATE SET wanted = 1",
                [(image,) for image in image_ids],
            )

    def of_last_grids(self, model: str, grids: int) -> list[str]:
        """What is wanted, and of the last grids what has no score of this model; latest first."""
        last = "batch_id IN (SELECT id FROM grids ORDER BY rowid DESC LIMIT ?)"
        return self._waiting(f"(wanted = 1 OR ({last} AND {_STALE}))", [grids, model, model])

    def of_batch(self, model: str, batch_id: str) -> list[str]:
        """What of a grid has no score of this model."""
        return self._waiting(f"batch_id = ? AND {_LACKING}", [batch_id, model, model])

    def of_session(self, model: str, session_id: str) -> list[str]:
        """What of a session has no score of this model."""
        return self._waiting(f"session_id = ? AND {_LACKING}", [session_id, model, model])

    def of_all(self, model: str) -> list[str]:
        """Everything without a score of this model."""
        return self._waiting(_LACKING, [model, model])

    def any_collected(self) -> bool:
        """Whether there is any picture at all."""
        found = self._db.execute("SELECT 1 FROM images WHERE state = 'collected' LIMIT 1")
        return found.fetchone() is not None

    def record(self, source: ScoreSource, scores: Mapping[str, float]) -> bool:
        """Keep scores by scorer, or why there are none; False where the image is gone."""
        with self._db.atomic():
            row = self._db.execute(
                "SELECT scores FROM images WHERE id = ? AND state = 'collected'",
                [source.image_id],
            ).fetchone()
            if row is None:
                return False
            known = json.dumps({**json.loads(row[0]), **scores})
            self._db.table("images").update(source.image_id, {"scores": known})
            self._db.table("scorings").insert({**asdict(source), "wanted": 0}, replace=True)
        return True

    def of(self, image_ids: Collection[str]) -> dict[str, ScoreSource]:
        """Where the scores of these images came from, by image."""
        inside = f"{_DONE} AND image_id IN (SELECT value FROM json_each(?))"
        rows = self._db.query(inside, [json.dumps(list(image_ids))])
        return {row["image_id"]: ScoreSource(**row) for row in rows}

    def pixels_of_only(self, image_ids: Collection[str]) -> list[str]:
        """The hashes of pictures that only these images show."""
        inside = "image_id IN (SELECT value FROM json_each(:images))"
        rows = self._db.execute(
            f"SELECT DISTINCT pixels FROM scorings WHERE pixels IS NOT NULL AND {inside}"
            f" AND pixels NOT IN (SELECT pixels FROM scorings WHERE pixels IS NOT NULL"
            f" AND NOT {inside})",
            {"images": json.dumps(list(image_ids))},
        )
        return [pixels for (pixels,) in rows.fetchall()]

    def scored(
        self, *, session_id: str | None = None, profile: str | None = None, limit: int
    ) -> list[ScoredImage]:
        """The images with a score, of the latest grids first; at most ``limit``."""
        rows = self._db.query(
            _SCORED,
            {"session": session_id, "profile": profile, "limit": limit},
        )
        return [ScoredImage(**{**row, "binned": bool(row["binned"])}) for row in rows]

    def _waiting(self, where: str, parameters: list[Any]) -> list[str]:
        rows = self._db.execute(_WAITING.format(where=where), parameters)
        return [image for (image,) in rows.fetchall()]
