"""Jobs, and the record kept of each: the studio's side of the bargain with the fleet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from vibes.recipes import Ran, Recipe

FaultKind = Literal[
    "offline",  # it went away
    "online",  # it came back
    "refused",  # it will not run a graph its listing promised it could
    "failed",  # a render went wrong
    "memory",  # a render ran out of memory
    "lost",  # it forgot a prompt
    "stalled",  # a render showed no sign of progress
    "resting",  # it failed too often and is left alone for a while
    "late",  # it finished what had been given up and made elsewhere
    "twin",  # it is another server under a second name
    "mistaken",  # it made a picture with another checkpoint than asked
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands in the line.

    ``priority`` is -1 (low), 0 or 1 (high); a higher one goes first, over all sessions. ``rank``
    orders a session's jobs, lower first: the rank of the batch, then that of the image in it. A
    ``held`` job is left where it is.
    """

    priority: int = 0
    rank: tuple[float, float] = (0.0, 0.0)
    held: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One image to make. ``id`` is the image's id.

    ``record`` is written into its picture, beside the graph; JSON-ready, empty for none.
    """

    id: str
    batch_id: str
    session_id: str
    recipe: Recipe
    place: Place = Place()
    record: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What a server with the node pack told beside a picture.

    ``lora_keys`` is how many weights each LoRA changed there, by catalog name, 0 being none; None
    where the server does not count. ``score`` is its report on the picture, not yet looked into.
    ``ran`` are the models that made it, by catalog name; None where it does not tell.
    """

    lora_keys: Mapping[str, int] | None = None
    score: str | None = None
    ran: Ran | None = None


@dataclass(frozen=True, slots=True)
class ScoreWish:
    """What servers are to score pictures by, if they can: a model by name, and the text asked."""

    model: str
    asked: Callable[[Recipe], str]


class JobLog(Protocol):
    """The durable record of jobs; every call is awaited before the act it announces.

    A call that raises StorageError is made again, though it may have been written half or whole:
    repeating one must change nothing.
    """

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        """The graph is about to be posted; ``attempt`` counts from 1.

        Raises NotFound when nobody wants the image any more.
        """

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        """This attempt ended without a picture, and the job waits again.

        ``adrift`` says that the server was lost: it may still have the prompt, or have made it.
        """

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        """``data`` is the picture as the server saved it; raises UnusablePicture if it is none."""

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        """The job is given up; ``server`` is None when no server could even start it."""

    async def cancelled(self, job: Job) -> None:
        """The job was called off before its picture was there."""

    async def dropped(self, prompt_id: str) -> None:
        """The server does not have this prompt any more, whatever became of it."""

    async def source_bytes(self, image_id: str) -> bytes:
        """The picture of another image, which this one is rendered from."""
        ...

    def fault(
        self, server: str, kind: FaultKind, sentence: str, image_id: str | None = None
    ) -> None:
        """Something about a server worth telling its owner; recorded in the background."""
