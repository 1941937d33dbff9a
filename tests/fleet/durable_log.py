"""The durable record of jobs as the database keeps it, and a job log that distrusts the fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from companion_app.fleet import FaultKind, Job, Place, Told
from vibes.decoding import Undecodable, decoded
from vibes.errors import StorageError, UnusablePicture

from .simulated_client import picture
from .simulated_servers import SimulatedServer

AttemptState = Literal["submitted", "collected", "failed", "cancelled", "returned", "adrift"]
FinalState = Literal["collected", "failed", "cancelled"]
ImageState = Literal["planned", "submitted", "collected", "failed", "cancelled"]
OPEN = ("planned", "submitted")


@dataclass(eq=False)
class Attempt:
    """One prompt of one job; ``run`` counts the studio's starts."""

    prompt_id: str
    job_id: str
    server: str
    run: int
    state: AttemptState = "submitted"


@dataclass(eq=False)
class Image:
    """A job as the database has it."""

    job: Job
    place: Place
    state: ImageState = "planned"
    error: str = ""
    collections: int = 0
    reopened_at: int = 0  # how many attempts there were then
    is_called_off: bool = False  # and the fleet has said that it knows


class Record:
    """The jobs table and the images, with the meaning they have in the database."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.attempts: dict[str, Attempt] = {}  # by prompt id, in order
        self.paused: set[str] = set()  # batch ids
        self.run = 0

    def of(self, job_id: str) -> list[Attempt]:
        """All attempts at a job, oldest first."""
        return [one for one in self.attempts.values() if one.job_id == job_id]

    def open(self) -> list[Image]:
        """Images that are still to be made."""
        return [image for image in self.images.values() if image.state in OPEN]

    def open_ids(self) -> set[str]:
        """Their ids."""
        return {image.job.id for image in self.open()}

    def submit(self, job: Job, server: str, prompt_id: str) -> None:
        """An attempt is about to be posted."""
        image = self.images[job.id]
        known = self.attempts.setdefault(prompt_id, Attempt(prompt_id, job.id, server, self.run))
        if image.state in OPEN:
            image.state = "submitted"
        elif known.state == "submitted":
            known.state = "adrift"

    def give_back(self, prompt_id: str, *, adrift: bool) -> None:
        """An attempt ended without a picture."""
        attempt = self.attempts.get(prompt_id)
        if attempt is None or attempt.state not in ("submitted", "adrift"):
            return
        attempt.state = "adrift" if adrift else "returned"
        image = self.images[attempt.job_id]
        under_way = any(one.state == "submitted" for one in self.of(attempt.job_id))
        if image.state == "submitted" and not under_way:
            image.state = "planned"

    def settle(self, job_id: str, state: FinalState, server: str | None = None) -> bool:
        """An image is done with; False if it was before."""
        image = self.images[job_id]
        if image.state not in OPEN:
            return False
        among = ("submitted", "returned") if state == "failed" else ("submitted", "adrift")
        mine = [one for one in self.of(job_id) if one.server == server and one.state in among]
        if mine:
            mine[-1].state = state
        for attempt in self.of(job_id):
            if attempt.state == "submitted":
                attempt.state = "adrift"
        image.state = state
        return True

    def end_late(self, job_id: str, server: str) -> None:
        """A settled image came from a server: there is nothing to look for there any more."""
        mine = [one for one in self.of(job_id) if one.server == server and one.state == "adrift"]
        if mine:
            mine[-1].state = "returned"

    def under_way(self) -> list[Attempt]:
        """Attempts that servers may still have."""
        return [one for one in self.attempts.values() if one.state in ("submitted", "adrift")]


@dataclass
class Storage:
    """How the disk is doing: what it refuses, half or whole, and how long a write takes."""

    broken: Literal["", "before", "after"] = ""
    seconds: float = 0.0


@dataclass(eq=False)
class DurableLog:
    """The job log of one run of the studio; it distrusts the fleet."""

    record: Record
    storage: Storage
    servers: Mapping[str, SimulatedServer]
    members: Callable[[], list[str]]  # names of the servers that have been in the fleet for a while
    violations: list[str]
    is_dead: bool = False
    writing: int = 0  # how many writes are on their way to the disk
    begun: set[str] = field(default_factory=set)  # jobs whose picture was handed over
    judged: set[str] = field(default_factory=set)  # jobs it was told have failed
    announced: set[str] = field(default_factory=set)  # prompts it was told of, at least once

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        self.announced.add(prompt_id)
        others = [
            one
            for one in self.record.of(job.id)
            if one.state == "submitted"
            and one.prompt_id != prompt_id
            and one.run == self.record.run
        ]
        if others:
            self._wrong(f"{job.id} is submitted to {server}, but still open on {others[0].server}")
        await self._write(lambda: self.record.submit(job, server, prompt_id))

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        attempt = self._known(prompt_id)
        if not why:
            self._wrong(f"{prompt_id} is returned without a reason")
        if attempt is not None and not adrift and self._is_there(attempt):
            self._wrong(f"{prompt_id} of {job.id} is returned, but {attempt.server} has it: {why}")
        await self._write(lambda: self.record.give_back(prompt_id, adrift=adrift))

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        image = self.record.images[job.id]
        if image.is_called_off and job.id not in self.begun:
            self._wrong(f"{job.id} is collected though it was called off")
        self.begun.add(job.id)

        def land() -> None:
            try:
                decoded(data)
            except Undecodable as error:
                raise UnusablePicture(str(error)) from error
            if self.record.settle(job.id, "collected", server):
                image.collections += 1
            else:  # it was called off, or made elsewhere, meanwhile
                self.record.end_late(job.id, server)

        await self._write(land)

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        is_new = job.id not in self.judged and job.id in self.record.open_ids()
        self.judged.add(job.id)
        if is_new and (why := self._unjust(job, server, error)):
            self._wrong(f"{job.id} failed – {error!r} – but {why}")

        def settle() -> None:
            if self.record.settle(job.id, "failed", server):
                self.record.images[job.id].error = error

        await self._write(settle)

    async def cancelled(self, job: Job) -> None:
        await self._write(lambda: self.record.settle(job.id, "cancelled"))

    async def dropped(self, prompt_id: str) -> None:
        attempt = self.record.attempts.get(prompt_id)  # it may be unknown: that changes nothing
        if attempt is not None and self._is_there(attempt):
            self._wrong(f"{prompt_id} is dropped, but {attempt.server} has it")
        await self._write(lambda: self.record.give_back(prompt_id, adrift=False))

    async def source_bytes(self, image_id: str) -> bytes:
        await self._write(lambda: None)
        return picture()

    def fault(
        self, server: str, kind: FaultKind, sentence: str, image_id: str | None = None
    ) -> None:
        if not sentence.endswith("."):
            self._wrong(f"no sentence: {sentence!r}")

    # --- distrust ----------------------------------------------------------------------------

    def _known(self, prompt_id: str) -> Attempt | None:
        if prompt_id not in self.record.attempts and prompt_id not in self.announced:
            self._wrong(f"nobody ever submitted {prompt_id}")
        return self.record.attempts.get(prompt_id)

    def _is_there(self, attempt: Attempt) -> bool:
        return attempt.prompt_id in self.servers[attempt.server].ours()

    def _unjust(self, job: Job, server: str | None, error: str) -> str:
        """Why the job should not have failed."""
        if job.recipe.source is not None and "disk" in error:
            return ""  # its source cannot be read: nobody could make it
        if server is not None:
            since = self.record.of(job.id)[self.record.images[job.id].reopened_at :]
            bad = [a for a in since if a.prompt_id in self.servers[a.server].troubled]
            name = f"{job.recipe.source}.png"  # where it could not even be uploaded
            count = len(bad) + sum(name in one.troubled for one in self.servers.values())
            return "" if count >= 2 else f"only {count} of its renders went wrong"
        for name in self.members():
            here = self.servers[name]
            lacks = job.recipe.candidate.checkpoint in here.lacked
            took_upload = f"{job.recipe.source}.png" not in here.troubled
            can = not lacks and job.id not in here.refused and took_upload
            if can or name not in error:
                return f"{name} can make it" if can else f"nothing is said of {name}"
        return ""

    def _wrong(self, sentence: str) -> None:
        self.violations.append(sentence)

    # --- the disk ----------------------------------------------------------------------------

    async def _write(self, act: Callable[[], object]) -> None:
        """Make a change after a while, even if nobody waits for it any more by then."""
        if self.is_dead:
            await asyncio.Event().wait()
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        written.add_done_callback(lambda future: future.exception())
        self.writing += 1
        if self.storage.seconds:
            loop.call_later(self.storage.seconds, self._land, act, written)
        else:
            self._land(act, written)
        await asyncio.shield(written)

    def _land(self, act: Callable[[], object], written: asyncio.Future[None]) -> None:
        self.writing -= 1
        if self.is_dead:
            return
        try:
            if self.storage.broken != "before":
                act()
            if self.storage.broken:
                raise StorageError("The disk is full.")
        except (StorageError, UnusablePicture) as error:
            written.set_exception(error)
        else:
            written.set_result(None)
