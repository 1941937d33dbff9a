"""One server and the task that keeps it busy: connect, take jobs, follow them, connect again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from vibes.catalog import Listing, ModelKind
from vibes.catalog.scan import KNOWN_FOLDERS
from vibes.errors import ServerError
from vibes.workflows import PACK_LORA

from . import wire
from .backoff import Backoff
from .breaker import FIRST_REST, LONGEST_REST, Breaker
from .client import ComfyClient
from .coordinator import Coordinator
from .discovery import Discovery
from .errand import Errand
from .errands import Errands
from .lanes import Lane
from .listener import Listener
from .pulse import first_of, pause
from .rendering import Rendering
from .replies import Device, Finished, QueueState
from .status import ServerState

logger = logging.getLogger(__name__)

_SECOND_CHANCE = 0.5  # seconds between the first poll that fails and the one that decides
_DEVICE_EVERY = 5  # polls
_EVICTION_SECONDS = 5
_DEAF = 5  # times longer a render may be silent where no socket would tell of its progress
_LONGEST_SILENCE = 1800  # seconds, however long images take there
_SLOW = 5  # times longer a render may take than usual before silence counts as a stall


class Server:
    """A ComfyUI server as the fleet knows it; ``run`` is its one task."""

    def __init__(
        self,
        client: ComfyClient,
        lane: Lane,
        coordinator: Coordinator,
        *,
        new_backoff: Callable[..., Backoff],
        refresh_seconds: float,
        poll_seconds: float,
        stall_seconds: float,
        rest_seconds: float = FIRST_REST,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.name = client.server
        self.listing: Listing | None = None  # the last one seen, kept while it is offline
        self.tried = asyncio.Event()  # set once it has answered, or failed to, for the first time
        self.online = False
        self.draining = False
        self.device = Device()
        self.memory_limits: dict[str, int] = {}  # checkpoint → pixels that were too many
        self.lane = lane
        self._fleet = coordinator
        self._client = client
        self._discovery = Discovery(client)
        self._backoff = new_backoff()
        self._clock = clock
        self._listener = Listener(
            client,
            on_message=self._on_message,
            on_connection=self._on_connection,
            backoff=new_backoff(),
        )
        self._refresh_seconds = refresh_seconds
        self._poll_seconds = poll_seconds
        self._stall_seconds = stall_seconds
        self._reason = "It has not been reached yet."
        self.is_leaving = False
        self._twin: str | None = None
        self._was_resting = False
        self.queue = QueueState()  # as last seen
        self._boot: str | None = None  # the run of the server, where it has the node pack
        self._wake = asyncio.Event()
        self._look_now = asyncio.Event()
        self._relist_now = asyncio.Event()
        rests = new_backoff(first=rest_seconds, longest=max(rest_seconds, LONGEST_REST))
        self.breaker = Breaker(rests, clock)
        self._rendering = Rendering(
            client,
            coordinator,
            client_id=lambda: self._listener.client_id,
            new_backoff=new_backoff,
            posted=self._on_posted,
            finished=self._on_finished,
        )
        self.errands = Errands(
            client,
            coordinator,
            self._rendering,
            self.breaker,
            alarm=self._look_soon,
            refused=self._relist_now.set,
            freed=self.wake,
        )

    # --- what the fleet asks -----------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where it is, without a password that may be part of it."""
        return self._client.address

    @property
    def state(self) -> ServerState:
        """One word for it."""
        if not self.online:
            return "offline"
        if self.draining:
            return "draining"
        return "busy" if self.errands.unfinished or self.queue.running else "online"

    @property
    def why_not(self) -> str:
        """Why it takes nothing new, or only what no other can make; "" when it does."""
        if not self.online:
            return self._reason
        if self.draining:
            return "It finishes what it has and takes nothing new."
        if self._twin is not None:
            return f"It is {self._twin} under a second name: give one of them another address."
        if self.errands.is_occupied(self.queue):
            return "It is still busy with an image that was given up."
        if self.breaker.resting:
            return "It failed several times in a row and rests, unless no other server can."
        return ""

    @property
    def is_open(self) -> bool:
        """Whether it may be given jobs."""
        blocked = self._twin is not None or self.errands.is_occupied(self.queue)
        return self.online and not self.draining and not blocked

    def wake(self) -> None:
        """There may be something to take."""
        self._wake.set()

    async def preview(self, kind: ModelKind, name: str) -> bytes | None:
        """A picture of one of its models, in its own spelling; raises ServerError."""
        return await self._client.model_preview(KNOWN_FOLDERS[kind], name)

    async def node_definition(self, name: str) -> dict[str, Any]:
        """How it defines a node class, empty where it has none such; raises ServerError."""
        return await self._client.node_definition(name)

    async def leave(self) -> None:
        """Take all of ours off it: it is about to be removed."""
        self.draining = self.is_leaving = True
        await self.errands.evict(_EVICTION_SECONDS)

    # --- the server's life -------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the server busy until cancelled; a lost server is tried again and again."""
        try:
            while True:
                try:
                    await self._connect()
                    await self._serve()
                except ServerError as error:
                    self._go_offline(error)
                except Exception as error:  # a fault of ours must not cost the fleet this server
                    logger.exception("%s", self.name)
                    self._go_offline(
                        ServerError(f"{self.name} met an error: {error!r}.", server=self.name)
                    )
                await self._backoff.wait()
        finally:
            self.online = False
            self._fleet.changed(self)
            await self.errands.stop()

    async def _connect(self) -> None:
        self.device = await self._client.device()
        self.listing = await self._discovery.listing()
        self.queue = await self._client.queue()
        self._forget_what_a_restart_loses()
        self.online = True
        self._backoff.reset()
        self._fleet.changed(self)  # from here on graphs can be built for it
        self._reclaim()
        if self.tried.is_set():
            self._fleet.log.fault(self.name, "online", f"{self.name} is back.")
        self.tried.set()
        logger.info("%s is online", self.name)

    def _forget_what_a_restart_loses(self) -> None:
        self._rendering.server_came()
        self.memory_limits.clear()
        self._twin = None

    async def _serve(self) -> None:
        await first_of(
            self._listener.run(), self._watch(), self._take_jobs(), self._refresh_listing()
        )

    def _go_offline(self, error: ServerError) -> None:
        if self.online or not self.tried.is_set():
            logger.warning("%s is offline: %s", self.name, error)
            self._fleet.log.fault(self.name, "offline", str(error))
        self.online = False
        self._reason = str(error)
        self.queue = QueueState()
        self.errands.server_went()
        self.tried.set()
        self._fleet.changed(self)

    async def _take_jobs(self) -> None:
        while True:
            self._reclaim()
            while (waiting := self._fleet.take(self)) is not None:
                self.errands.begin(waiting, boot=self._boot)
            await self._wake.wait()
            self._wake.clear()

    def _reclaim(self) -> None:
        """Look for jobs this server had before it, or the studio, went away."""
        if self.is_leaving:
            return
        for waiting in self._fleet.reclaim(self):
            self.errands.begin(waiting, waiting.traces.pop(self.name), boot=self._boot)

    async def _watch(self) -> None:
        """Poll the queue: the judge of whether the server is there and prompts are alive."""
        failed_before = False
        polls = 0
        last = self._clock()
        while True:
            posted = self.errands.posted
            try:
                self.queue = await self._client.queue()
                if self._has_pack:
                    self._boot = await self._client.boot()
                await self.errands.tend_orphans(self.queue)
                polls += 1
                if polls % _DEVICE_EVERY == 0:
                    self.device = await self._client.device()
                    self._note_memory()
            except ServerError:
                if failed_before:
                    raise
                failed_before = True
                await asyncio.sleep(_SECOND_CHANCE)
                continue
            failed_before = False
            now = self._clock()
            self._judge(posted, elapsed=min(now - last, 2 * self._poll_seconds))
            last = now
            self.wake()
            await pause(self._poll_seconds, unless=self._look_now)

    def _note_memory(self) -> None:
        """What is in use while one image alone is drawn is what it takes."""
        drawn = [errand for errand in self.errands.posted if errand.is_running]
        total, free = self.device.vram_total, self.device.vram_free
        if len(drawn) == 1 and total is not None and free is not None and free < total:
            self._fleet.memory_used(drawn[0], total - free)

    def _judge(self, posted: list[Errand], *, elapsed: float) -> None:
        """What the queue says of our prompts, and of whose server this is."""
        self.errands.seen(
            self.queue,
            posted,
            elapsed=elapsed,
            lost_after=self._patience_without,
            stalled_after=self._patience_with,
        )
        rested, self._was_resting = self._was_resting, self.breaker.resting
        if rested != self._was_resting:
            self._fleet.changed(self)
        twin = self._twin or self._fleet.twin_of(self, self.queue)
        if twin is not None and self._twin is None:
            self._twin = twin
            self._fleet.log.fault(self.name, "twin", f"{self.name} is {twin} under a second name.")
            self._fleet.changed(self)

    @property
    def _has_pack(self) -> bool:
        return self.listing is not None and PACK_LORA in self.listing.node_classes

    def _patience_without(self, errand: Errand) -> float:
        """Seconds its prompt may be missing; none where the server has been started anew."""
        known = errand.boot is not None and self._boot is not None
        return 0.0 if known and errand.boot != self._boot else self._poll_seconds

    def _patience_with(self, errand: Errand) -> float:
        """Seconds its render may be silent."""
        slow = min(_SLOW * self._fleet.expected(self.name, errand), _LONGEST_SILENCE)
        floor = max(self._stall_seconds, slow)
        return floor if self._listener.connected else _DEAF * floor

    async def _refresh_listing(self) -> None:
        while True:
            await pause(self._refresh_seconds, unless=self._relist_now)
            before = self.listing
            try:
                self.listing = await self._discovery.listing()
            except ServerError:
                self._look_soon()  # whether it is gone is for the watch to find out
            if self.listing != before:
                self._fleet.changed(self)

    def _look_soon(self) -> None:
        self._look_now.set()

    def _on_connection(self) -> None:
        """The socket came or went: the server may have been started anew between two polls."""
        self._rendering.server_came()
        self._relist_now.set()
        self._look_soon()

    # --- news of jobs ------------------------------------------------------------------------

    def _on_posted(self, errand: Errand) -> None:
        self._fleet.begun(self.name, errand)

    def _on_finished(self, errand: Errand, finished: Finished) -> None:
        self.queue = self.queue.without(errand.prompt_id)  # known before the next poll says so
        if finished.how == "success":
            self._fleet.made(self.name, errand)
        self.wake()

    def _on_message(self, message: wire.Message) -> None:
        if message.prompt_id is None:
            return
        errand = self.errands.get(message.prompt_id)
        if errand is None:
            return
        if isinstance(message, wire.PromptEnded):
            if message.how != "success":  # history has it only when "done" follows
                errand.hint()
            return
        errand.progressed()
        if isinstance(message, (wire.SamplerStep, wire.Preview)):
            self._fleet.heard(self.name, errand.job, message)
