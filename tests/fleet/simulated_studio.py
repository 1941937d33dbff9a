"""A studio around the real fleet in virtual time: its durable record, its owner, its restarts.

What is found wrong on the way is noted in ``violations``, as sentences.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import aiohttp
import numpy as np
import pytest

from companion_app.fleet import Fleet, Job, Place, ProgressStream
from vibes.errors import NotFound
from vibes.settings import ServerConfig

from .conftest import make_job
from .durable_log import OPEN, Attempt, DurableLog, Image, Record, Storage
from .simulated_client import SimulatedClient
from .simulated_servers import Prompt, SimulatedServer, VirtualLoop

CHECKPOINTS = ("a.safetensors", "b.safetensors", "c.safetensors", "rare.safetensors")
SERVERS = {  # seconds per image, checkpoints
    "one": (1.0, set(CHECKPOINTS[:3])),
    "two": (2.5, set(CHECKPOINTS[:2])),
    "three": (0.4, {CHECKPOINTS[0], CHECKPOINTS[3]}),
    "four": (6.0, set(CHECKPOINTS)),
}
AT_FIRST = ("one", "two", "three")
SIZES = (64, 128)


class World:
    """Servers, a studio with its fleet, and the hand that meddles with both."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.violations: list[str] = []
        self.record = Record()
        self.storage = Storage()
        self.servers = {name: self._server(name) for name in SERVERS}
        self.fleet_names = list(AT_FIRST)  # those the owner wants in the fleet
        self.leaving: set[str] = set()
        self.drained: set[str] = set()
        self.deserted: set[str] = set()  # prompts on servers that were removed
        self.sound_since = 0.0  # the storage
        self._joined: dict[str, float] = {}  # when, of servers that were added
        self.acts: list[asyncio.Task[None]] = []
        self._batches, self._foreign = itertools.count(1), itertools.count(1)
        self._patch = pytest.MonkeyPatch()
        ids = itertools.count(1)  # the order of a set of prompts depends on how they are called
        self._patch.setattr("companion_app.fleet.errands.uuid4", lambda: UUID(int=next(ids)))
        self.errors = _Errors(self.violations)
        logger = logging.getLogger("companion_app")
        self._patch.setattr(logger, "handlers", [self.errors])
        self._patch.setattr(logger, "propagate", False)
        self.loop.set_exception_handler(self._crashed)
        self._open()

    def _server(self, name: str) -> SimulatedServer:
        seconds, checkpoints = SERVERS[name]
        server = SimulatedServer(
            name,
            self.loop,
            seconds=seconds,
            checkpoints=set(checkpoints),
            violations=self.violations,
        )
        server.lacked = set(CHECKPOINTS) - checkpoints
        server.on_post = self._posting
        server.on_interrupt = self._interrupting
        return server

    def _crashed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.violations.append(f"{context['message']}: {context.get('exception')!r}")

    # --- the studio's life -------------------------------------------------------------------

    def _open(self) -> None:
        """Start the studio as it starts: the fleet, the servers' switches, what was left open."""
        self.record.run += 1
        log = self.log = DurableLog(
            self.record, self.storage, self.servers, self.settled_servers, self.violations
        )

        def new_client(config: ServerConfig, session: aiohttp.ClientSession) -> SimulatedClient:
            return SimulatedClient(config, session, self.servers[config.name], lambda: log.is_dead)

        self.fleet = Fleet(
            [_config(name) for name in self.fleet_names],
            log=self.log,
            progress=ProgressStream(),
            stall_seconds=30,
            new_client=new_client,
            rng=np.random.default_rng(1),
            clock=self.loop.time,
        )
        self.loop.run_until_complete(self.fleet.start())
        for name in self.drained & set(self.fleet_names):
            self.fleet.drain(name)
        self._resume_open()

    def _resume_open(self) -> None:
        for batch_id in self.record.paused:
            self.fleet.pause(batch_id)
        wanted = {image.job.id for image in self.record.open()}
        self._submit(wanted, self.record.under_way())

    def _submit(self, job_ids: set[str], under_way: list[Attempt]) -> None:
        """Hand open jobs to the fleet, with what servers may have of them and of nobody's."""
        traces: dict[str, dict[str, str]] = {}
        orphans: defaultdict[str, set[str]] = defaultdict(set)
        for attempt in under_way:
            if attempt.job_id not in job_ids:
                orphans[attempt.server].add(attempt.prompt_id)
                continue
            known = traces.setdefault(attempt.job_id, {})
            if attempt.server in known:
                orphans[attempt.server].add(known[attempt.server])
            known[attempt.server] = attempt.prompt_id
        images = [self.record.images[job_id] for job_id in sorted(job_ids)]
        jobs = [
            Job(i.job.id, i.job.batch_id, i.job.session_id, i.job.recipe, i.place) for i in images
        ]
        self.fleet.submit(jobs, traces=traces)
        self.fleet.forget(orphans)

    def restart(self, *, kill: bool) -> None:
        """End the studio, at once or in order, and start it again."""
        self._stop(kill=kill)
        self.deserted = {
            p for p in self.deserted if self._attempt_server(p) not in self.fleet_names
        }
        self._open()

    def _attempt_server(self, prompt_id: str) -> str:
        return self.record.attempts[prompt_id].server

    def _stop(self, *, kill: bool) -> None:
        self.log.is_dead = kill
        for act in self.acts:
            act.cancel()
        self.loop.run_until_complete(self.fleet.stop())
        while self.log.writing:
            self.loop.run_for(0.1)
        self.acts.clear()
        for name in self.leaving:
            self._gone(name)
        self.leaving.clear()

    def close(self) -> None:
        """Let nothing of it live on."""
        self._stop(kill=True)
        for task in asyncio.all_tasks(self.loop):
            self.violations.append(f"a task lives on: {task}")
            task.cancel()
        self.loop.run_for(1)
        self._patch.undo()
        asyncio.set_event_loop(None)
        self.loop.close()

    # --- the disk ----------------------------------------------------------------------------

    def trouble_storage(self, broken: Literal["", "before", "after"], seconds: float) -> None:
        """Have it refuse writes, or take its time over them."""
        self.storage.broken, self.storage.seconds = broken, seconds
        self.sound_since = float("inf") if broken or seconds else self.loop.time()

    # --- the owner's acts --------------------------------------------------------------------

    def submit(
        self,
        count: int,
        *,
        session: int = 0,
        priority: int = 0,
        checkpoint: str = CHECKPOINTS[0],
        size: int = SIZES[0],
        template: str = "draft",
    ) -> str:
        """A new batch; its id."""
        number = next(self._batches)
        for index in range(count):
            job = make_job(
                f"image-{number}-{index}",
                checkpoint=checkpoint,
                batch=f"batch-{number}",
                session=f"session-{session}",
                template=template,
                source=f"source-{number}" if template == "refine" else None,
            )
            job = replace(job, recipe=replace(job.recipe, width=size, height=size))
            place = Place(priority, (float(number), float(index)))
            self.record.images[job.id] = Image(job, place)
        self._submit({i.job.id for i in self.of_batch(f"batch-{number}")}, [])
        return f"batch-{number}"

    def of_batch(self, batch_id: str) -> list[Image]:
        """The images of a batch."""
        return [image for image in self.record.images.values() if image.job.batch_id == batch_id]

    def cancel(self, images: list[Image], act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Write that these are called off, then have the fleet know: in this order."""
        off = [image for image in images if self.record.settle(image.job.id, "cancelled")]

        async def tell() -> None:
            await act()
            for image in off:
                image.is_called_off = True

        self._act(tell())

    def cancel_batch(self, batch_id: str) -> None:
        """Call off a whole batch."""
        self.record.paused.discard(batch_id)

        async def act() -> None:
            await self.fleet.cancel(batch_id)
            self.fleet.resume(batch_id)

        self.cancel(self.of_batch(batch_id), act)

    def cancel_job(self, job_id: str) -> None:
        """Call off one image."""
        self.cancel([self.record.images[job_id]], lambda: self.fleet.cancel_job(job_id))

    def pause(self, batch_id: str) -> None:
        """Let a batch rest."""
        self.record.paused.add(batch_id)
        self.fleet.pause(batch_id)

    def resume(self, batch_id: str) -> None:
        """Go on with it."""
        self.record.paused.discard(batch_id)
        self.fleet.resume(batch_id)

    def retry(self, batch_id: str) -> None:
        """Make the failed images of a batch again."""
        failed = [image for image in self.of_batch(batch_id) if image.state == "failed"]
        for image in failed:
            image.state = "planned"
            image.reopened_at = len(self.record.of(image.job.id))
            self.log.judged.discard(image.job.id)
        ids = {image.job.id for image in failed}
        self._submit(ids, [a for a in self.record.under_way() if a.job_id in ids])

    def arrange(self, images: list[Image], **changes: Any) -> None:
        """Give open images other places."""
        places = {}
        for image in images:
            if image.state in OPEN:
                before = image.place
                whole = {"priority": before.priority, "rank": before.rank, "held": before.held}
                image.place = places[image.job.id] = Place(**{**whole, **changes})
        self.fleet.arrange(places)

    def drain(self, name: str, *, draining: bool) -> None:
        """Let a server take nothing new, or again."""
        with _NotFoundAllowed(name not in self.fleet_names or name in self.leaving):
            self.fleet.drain(name, draining=draining)
            (self.drained.add if draining else self.drained.discard)(name)

    def add(self, name: str) -> None:
        """Take a server into the fleet that is not in it."""
        if name not in self.fleet_names and name not in self.leaving:
            self.fleet_names.append(name)
            self._joined[name] = self.loop.time()
            self.fleet.add(_config(name))

    def remove(self, name: str) -> None:
        """Let a server go; somebody impatient may ask twice."""
        if name in self.fleet_names and len(self.fleet_names) > 1:
            self.fleet_names.remove(name)
            self.leaving.add(name)
            self._act(self._remove(name))
        elif name in self.leaving:
            self._act(self._remove(name))

    async def _remove(self, name: str) -> None:
        try:
            await self.fleet.remove(name)
        except NotFound:  # somebody else is at it
            return
        self.leaving.discard(name)
        self._gone(name)

    def _gone(self, name: str) -> None:
        """What it still has of ours is nobody's business until the studio starts again."""
        self.drained.discard(name)
        left = [a.prompt_id for a in self.record.under_way() if a.server == name]
        self.deserted |= {*left, *self.servers[name].ours()}

    def queue_foreign(self, name: str, count: int) -> None:
        """Somebody else queues prompts of their own."""
        for _ in range(count):
            id = f"foreign-{next(self._foreign)}"
            self.servers[name].post(Prompt(id, "somebody", None, CHECKPOINTS[0], 64, ("9",)))

    def _act(self, act: Coroutine[Any, Any, None]) -> None:
        self.acts = [task for task in self.acts if not task.done() or task.exception()]
        self.acts.append(self.loop.create_task(act))

    def settled_servers(self) -> list[str]:
        """Servers of the fleet, but for those that joined it a moment ago."""
        now = self.loop.time()
        return [name for name in self.fleet_names if now - self._joined.get(name, 0) > 60]

    # --- looking -----------------------------------------------------------------------------

    def _interrupting(self, server: str, prompt_id: str) -> None:
        """Whoever has a prompt interrupted must have a reason."""
        attempt = self.record.attempts[prompt_id]
        is_wanted = self.record.images[attempt.job_id].state in OPEN
        is_sound = prompt_id not in self.servers[server].troubled and server not in self.leaving
        if attempt.state == "submitted" and is_wanted and is_sound:
            self.violations.append(f"{prompt_id} is interrupted on {server} though it is wanted")

    def _posting(self, server: str, prompt_id: str) -> None:
        attempt = self.record.attempts.get(prompt_id)
        if attempt is None:
            self.violations.append(f"{prompt_id} is posted to {server}, but was never submitted")
            return
        image = self.record.images[attempt.job_id]
        if attempt.state != "submitted" and image.state in OPEN:
            self.violations.append(
                f"{prompt_id} is posted to {server} though it is {attempt.state}"
            )
        if image.is_called_off:
            self.violations.append(f"{prompt_id} is posted to {server} though it was called off")
        mine = {
            id
            for id in self.servers[server].ours() - {prompt_id}
            if self.record.attempts[id].state == "submitted"
            and self.record.attempts[id].run == self.record.run
        }
        if len(mine) >= 2:
            self.violations.append(f"{server} gets a third prompt, {prompt_id}")


class _Errors(logging.Handler):
    """Notes what is logged as an error, the storage's troubles apart."""

    def __init__(self, violations: list[str]):
        super().__init__(logging.ERROR)
        self._violations = violations

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "waits for the storage" not in text and "The disk is full" not in text:
            trouble = repr(record.exc_info[1]) if record.exc_info else ""
            self._violations.append(f"logged: {text} {trouble}")


class _NotFoundAllowed:
    def __init__(self, allowed: bool):
        self._allowed = allowed

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return self._allowed and isinstance(error, NotFound)


def _config(name: str) -> ServerConfig:
    return ServerConfig.model_validate({"name": name, "url": f"http://{name}.test"})
