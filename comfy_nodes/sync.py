"""Keeps the nodes and the studio in step: events out, snapshots in, for as long as ComfyUI runs.

It works in a thread of its own and waits for nobody there: a studio may be away for weeks. What
is to be sent lies in the store until the studio has answered for it. An event may arrive there
twice, after a lost answer or from two processes at once: the studio takes each id once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Literal

import aiohttp
import numpy as np

from vibes.errors import InvalidInput, VibesError
from vibes.preferences.snapshot import read_snapshot
from vibes.storage.node_store import NodeEvent, StudioSnapshot

from .memory import Memory
from .studio_client import EventsRefused, StudioAway, StudioClient, StudioRefuses

State = Literal["off", "ok", "away", "refused"]

MOST_EVENTS = 200
MOST_BYTES = 512 * 1024  # a studio takes bodies of 2 MiB
POLL = 30.0  # seconds between looks at a studio that answers
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds between tries with one that does not
_GOODBYE = 2.0  # seconds the thread gets at the end

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands with the studio, in a word and in a sentence."""

    state: State
    detail: str


OFF = Status("off", "No studio is set: what you rate is learned in this ComfyUI alone.")
NOT_YET = Status("away", "The studio has not been asked yet.")


class Sync:
    """The thread; ``wake`` has it look at once, from any thread."""

    def __init__(self, store_of: Memory, *, poll: float = POLL, pause: float = FIRST_PAUSE):
        self._memory = store_of
        self._poll = poll
        self._first_pause = pause
        self._status = NOT_YET
        self._failures = 0
        self._is_due = True  # the round comes after a whole pause, nobody asked for it
        self._rounds = Condition()
        self._asked = 0  # rounds that somebody wants
        self._done = 0  # of these
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._news: asyncio.Event | None = None

    @property
    def status(self) -> Status:
        """As of the last round."""
        return OFF if self._memory.studio.access().url is None else self._status

    def start(self) -> None:
        """Begin; the thread ends with ``stop``, or with the process."""
        self._memory.heard = self.wake
        self._thread = Thread(target=self._work, name="vibes-sync", daemon=True)
        self._thread.start()

    def wake(self) -> int:
        """There is news, here or there; gives the number of the round that will have seen it."""
        with self._rounds:
            self._asked += 1
            wanted = self._asked
        self._tell(self._news.set if self._news else None)
        return wanted

    def settle(self, seconds: float) -> bool:
        """Wait until a round from now on is over; False if that takes longer."""
        wanted = self.wake()
        with self._rounds:
            return self._rounds.wait_for(lambda: self._done >= wanted, seconds)

    def stop(self) -> None:
        """End; what was not sent is sent next time."""
        self._tell(self._task.cancel if self._task else None)
        if self._thread is not None:
            self._thread.join(_GOODBYE)

    def _tell(self, call: Callable[[], object] | None) -> None:
        if call is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it is over
                self._loop.call_soon_threadsafe(call)

    def _work(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._run())

    async def _run(self) -> None:
        self._news = news = asyncio.Event()
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            while True:
                news.clear()
                wanted = self._asked
                pause = await self._round(session)
                with self._rounds:
                    self._done = wanted
                    self._rounds.notify_all()
                self._is_due = not await _is_set_within(news, pause)

    async def _round(self, session: aiohttp.ClientSession) -> float:
        """Look once; gives the seconds until the next time."""
        try:
            await self._exchange(session)
        except StudioRefuses as error:
            return self._failed(Status("refused", str(error)))
        except VibesError as error:
            return self._failed(Status("away", str(error)))
        except Exception as error:  # a fault of ours must not end what keeps ratings safe
            logger.exception("The Vibes nodes met an error with the studio.")
            return self._failed(Status("away", f"The nodes met an error: {error!r}."))
        self._failures = 0
        return self._poll * random.uniform(0.8, 1.2)

    def _failed(self, status: Status) -> float:
        if status != self._status:
            logger.warning("%s Ratings are kept until the studio has them.", status.detail)
        self._status = status
        pause: float = min(self._first_pause * 2**self._failures, LONGEST_PAUSE)
        if self._is_due:  # who rates ten pictures meanwhile does not want a later try for it
            self._failures = min(self._failures + 1, 30)
        return pause * random.uniform(0.5, 1.0)

    async def _exchange(self, session: aiohttp.ClientSession) -> None:
        access = self._memory.studio.access()
        if access.url is None:
            return
        client = StudioClient(access, session)
        while batch := self._batch(access.base):
            await self._send(client, access.base, batch)
        await self._fetch(client, access.base)
        self._status = Status("ok", f"In step with {access.base}.")

    def _batch(self, studio: str) -> list[NodeEvent]:
        """The first events that wait, as many as one body may hold."""
        batch: list[NodeEvent] = []
        size = 0
        for event in self._memory.store.waiting(studio, MOST_EVENTS):
            size += len(event.body)
            if batch and size > MOST_BYTES:
                break
            batch.append(event)
        return batch

    async def _send(self, client: StudioClient, studio: str, batch: list[NodeEvent]) -> None:
        """Send events; of several of which some are refused, the others go without them."""
        sequences = [event.sequence for event in batch]
        try:
            await client.send([event.body for event in batch])
        except EventsRefused as error:
            if len(batch) == 1:
                logger.warning("%s does not take rating %s: %s", studio, sequences[0], error)
                self._memory.store.deliver(studio, sequences, str(error))
                return
            middle = len(batch) // 2
            await self._send(client, studio, batch[:middle])
            await self._send(client, studio, batch[middle:])
        else:
            self._memory.store.deliver(studio, sequences)

    async def _fetch(self, client: StudioClient, studio: str) -> None:
        profile, store = self._memory.profile, self._memory.store
        known = store.standing(studio, profile).etag
        delivered = store.delivered(studio)  # before asking: these are in what comes
        found = await client.snapshot(profile, known)
        if found is None:
            return
        if found.body is None:
            store.confirm_snapshot(studio, profile, found.etag, delivered)
        else:
            _check(found.body)
            snapshot = StudioSnapshot(found.etag, delivered, found.body)
            store.keep_snapshot(studio, profile, snapshot)
        self._memory.learned()  # which no prompt has to wait for then


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        return False


def _check(body: bytes) -> None:
    try:
        read_snapshot(body, np.random.default_rng())
    except InvalidInput as error:
        raise StudioAway(f"{error} Update the older one of the two.") from error
