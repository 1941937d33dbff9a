"""Jobs as rows: which graph was sent where, written before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from .grids import GridRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One graph on its way to one server; ``attempt`` counts from 1 per image."""

    image_id: str
    server: str
    prompt_id: str
    graph_hash: str
    attempt: int
    submitted: str


class JobRecords:
    """The jobs table, kept in step with the state of the images."""

    def __init__(self, db: Database, grids: GridRecords):
        self._db = db
        self._grids = grids

    def submit(self, submission: Submission) -> None:
        """Record a submission before it is sent; a repeated prompt id replaces its row."""
        with self._db.atomic():
            self._db.table("jobs").insert(
                {
                    "prompt_id": submission.prompt_id,
                    "image_id": submission.image_id,
                    "server": submission.server,
                    "graph_hash": submission.graph_hash,
                    "attempt": submission.attempt,
                    "submitted": submission.submitted,
                },
                replace=True,
            )
            self._grids.set_state(submission.image_id, state="submitted", server=submission.server)

    def open_submissions(self, image_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Image id → (server, prompt id) of the last submission of each image still open."""
        marks = ", ".join("?" * len(image_ids))
        rows = self._db.query(
            "SELECT image_id, jobs.server, prompt_id FROM jobs JOIN images ON images.id = image_id"
            f" WHERE state = 'submitted' AND image_id IN ({marks}) ORDER BY jobs.rowid",
            list(image_ids),
        )
        return {row["image_id"]: (row["server"], row["prompt_id"]) for row in rows}
