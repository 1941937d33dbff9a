"""Jobs, and the record kept of each: the studio's side of the bargain with the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vibes.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Job:
    """One image to make. ``id`` is the image's id; a higher ``priority`` goes first."""

    id: str
    batch_id: str
    session_id: str
    recipe: Recipe
    priority: int = 0


class JobLog(Protocol):
    """The durable record of jobs; every call is awaited before the act it announces.

    A call that raises StorageError is made again, though it may have been written half or whole:
    repeating one must change nothing. NotFound says that the job's batch is deleted.
    """

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        """The graph is about to be posted; ``attempt`` counts from 1."""

    async def collected(self, job: Job, *, server: str, data: bytes) -> None:
        """``data`` is the picture as the server saved it, decoded once to be sure of it."""

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        """The job is given up; ``server`` is None when no server could even start it."""

    async def cancelled(self, job: Job) -> None:
        """The job was called off before its picture was there."""

    async def source_bytes(self, image_id: str) -> bytes:
        """The picture of another image, which this one is rendered from."""
        ...
