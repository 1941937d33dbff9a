"""Jobs as rows, one per attempt: which graph was sent where, and what became of it.

Each method is one transaction that changes attempt and image together, and gives all there is to
tell about it. Repeating a call changes nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from vibes.errors import NotFound
from vibes.stages import OPEN_STATES, ImageState, Selection

_ON_ITS_WAY = "('submitted', 'adrift')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One graph on its way to one server; ``attempt`` counts from 1 per image."""

    image_id: str
    server: str
    prompt_id: str
    graph_hash: str
    attempt: int
    submitted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An image after a change of its state, and how many of its batch are in each state then.

    ``size`` is as in Image.
    """

    id: str
    batch_id: str
    state: ImageState
    selection: Selection
    server: str | None
    error: str | None
    size: tuple[int, int] | None
    counts: dict[ImageState, int]
    paused: bool


class JobRecords:
    """The jobs table, kept in step with the state of the images.

    An attempt is ``submitted`` while it is on its way, ``adrift`` when a server may still have it
    though nobody waits for it there; then ``returned`` without a picture, or it ended as its image
    did.
    """

    def __init__(self, db: Database):
        self._db = db

    def submit(self, submission: Submission) -> Step | None:
        """Record an attempt before it is sent; None when its image is settled or gone.

        A settled image's attempt is recorded as adrift: it is about to be taken back.
        """
        with self._db.atomic():
            state = self._state(submission.image_id)
            if state is None:
                return None
            self._record(submission, wanted=state in OPEN_STATES)
            if state not in OPEN_STATES:
                return None
            self._db.execute(
                "UPDATE images SET state = 'submitted', server = ?, error = NULL WHERE id = ?",
                [submission.server, submission.image_id],
            )
            return self.step(submission.image_id)

    def give_back(
        self, prompt_id: str, *, adrift: bool, why: str | None = None, ended: str
    ) -> Step | None:
        """An attempt ended without a picture: its image waits again. None when nothing changed.

        ``adrift`` says that its server may still have it.
        """
        with self._db.atomic():
            found = self._db.execute(
                f"SELECT image_id FROM jobs WHERE prompt_id = ? AND state IN {_ON_ITS_WAY}",
                [prompt_id],
            ).fetchone()
            if found is None:
                return None
            self._db.execute(
                "UPDATE jobs SET state = ?, error = coalesce(?, error), ended = ?"
                " WHERE prompt_id = ?",
                ["adrift" if adrift else "returned", why, None if adrift else ended, prompt_id],
            )
            return self._wait_again(found[0])

    def drop(self, prompt_id: str, *, ended: str) -> Step | None:
        """The server does not have this prompt any more."""
        with self._db.atomic():
            step = self.give_back(prompt_id, adrift=False, ended=ended)
            self._db.execute(
                "UPDATE jobs SET state = 'cancelled' WHERE prompt_id = ? AND state = 'returned'"
                " AND image_id IN (SELECT id FROM images WHERE state = 'cancelled')",
                [prompt_id],
            )
        return step

    def settle(
        self,
        image_id: str,
        state: ImageState,
        *,
        server: str | None = None,
        error: str | None = None,
        size: tuple[int, int] | None = None,
        ended: str | None = None,
    ) -> Step | None:
        """An image is collected, failed or cancelled for good; None when it already was settled.

        The attempt on ``server`` ended with it, for a failed image even if it was given back just
        before; any other one under way is adrift from now on.
        """
        with self._db.atomic():
            if self._state(image_id) not in OPEN_STATES:
                return None
            if server is not None:
                among = "('submitted', 'returned')" if state == "failed" else _ON_ITS_WAY
                self._db.execute(
                    "UPDATE jobs SET state = ?, error = ?, ended = ? WHERE rowid = (SELECT"
                    " max(rowid) FROM jobs WHERE image_id = ? AND server = ? AND state IN"
                    f" {among})",
                    [state, error, ended, image_id, server],
                )
            self._db.execute(
                "UPDATE jobs SET state = 'adrift' WHERE image_id = ? AND state = 'submitted'",
                [image_id],
            )
            self._db.execute(
                "UPDATE images SET state = ?, server = coalesce(?, server), error = ?, width = ?,"
                " height = ?, held = 0 WHERE id = ?",
                [state, server, error, *(size or (None, None)), image_id],
            )
            return self.step(image_id)

    def call_off(self, batch_id: str) -> None:
        """Cancel every image of a batch that is still open."""
        with self._db.atomic():
            images = self._db.execute(
                "SELECT id FROM images WHERE batch_id = ? AND state IN ('planned', 'submitted')",
                [batch_id],
            ).fetchall()
            for (image_id,) in images:
                self.settle(image_id, "cancelled")

    def under_way(self, image_ids: Collection[str] | None = None) -> list[tuple[str, str, str]]:
        """(image id, server, prompt id) of all attempts servers may have, oldest first."""
        rows = self._db.execute(
            f"SELECT image_id, server, prompt_id FROM jobs WHERE state IN {_ON_ITS_WAY}"
            " ORDER BY rowid"
        ).fetchall()
        return [row for row in rows if image_ids is None or row[0] in image_ids]

    def step(self, image_id: str) -> Step:
        """How an image and its batch stand now; raises NotFound."""
        row = self._db.execute(
            "SELECT id, batch_id, state, selection, server, error, width, height,"
            " (SELECT paused FROM grids WHERE id = batch_id) FROM images WHERE id = ?",
            [image_id],
        ).fetchone()
        if row is None:  # its session was deleted meanwhile
            raise NotFound(f"There is no image '{image_id}'.")
        id, batch_id, state, selection, server, error, width, height, paused = row
        counts = self._db.execute(
            "SELECT state, count(*) FROM images WHERE batch_id = ? GROUP BY state", [batch_id]
        ).fetchall()
        return Step(
            id=id,
            batch_id=batch_id,
            state=state,
            selection=selection,
            server=server,
            error=error,
            size=None if width is None else (width, height),
            counts=dict(counts),
            paused=bool(paused),
        )

    def faults(self) -> Iterator[str]:
        """One sentence for each image whose attempts contradict it."""
        looks = (
            (
                "SELECT image_id, count(*) FROM jobs WHERE state = 'collected' GROUP BY image_id"
                " HAVING count(*) > 1 ORDER BY image_id",
                "Image {} was collected from {} attempts.",
            ),
            (
                "SELECT image_id, images.state, prompt_id FROM jobs JOIN images"
                " ON images.id = image_id WHERE jobs.state = 'submitted'"
                " AND images.state != 'submitted' ORDER BY jobs.rowid",
                "Image {} is {}, but its prompt {} is still on its way.",
            ),
            (
                "SELECT id FROM images WHERE state = 'submitted' AND NOT EXISTS (SELECT 1"
                " FROM jobs WHERE image_id = images.id AND jobs.state = 'submitted') ORDER BY id",
                "Image {} is submitted, but no prompt of it is on its way.",
            ),
        )
        for query, sentence in looks:
            for row in self._db.execute(query).fetchall():
                yield sentence.format(*row)

    def _state(self, image_id: str) -> ImageState | None:
        row = self._db.execute("SELECT state FROM images WHERE id = ?", [image_id]).fetchone()
        return row[0] if row else None

    def _record(self, submission: Submission, *, wanted: bool) -> None:
        """A repeated prompt id is the same attempt again; one that is over stays over."""
        self._db.execute(
            "INSERT INTO jobs (prompt_id, image_id, server, graph_hash, attempt, submitted, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (prompt_id) DO UPDATE SET"
            " state = 'submitted', error = NULL, ended = NULL WHERE excluded.state = 'submitted'",
            [
                submission.prompt_id,
                submission.image_id,
                submission.server,
                submission.graph_hash,
                submission.attempt,
                submission.submitted,
                "submitted" if wanted else "adrift",
            ],
        )

    def _wait_again(self, image_id: str) -> Step | None:
        """Plan an image anew that no attempt is under way for; None when it stays as it is."""
        changed = self._db.execute(
            "UPDATE images SET state = 'planned', server = NULL"
            " WHERE id = ? AND state = 'submitted' AND NOT EXISTS (SELECT 1 FROM jobs"
            " WHERE image_id = images.id AND jobs.state = 'submitted')",
            [image_id],
        ).rowcount
        return self.step(image_id) if changed else None
