"""One server and the task that keeps it busy: connect, take jobs, follow them, connect again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import aiohttp

from vibes.catalog import Listing
from vibes.errors import ServerError
from vibes.settings import ServerConfig

from . import wire
from .backoff import Backoff
from .client import ComfyClient
from .coordinator import Coordinator
from .discovery import Discovery
from .errands import Errands
from .listener import Listener
from .pulse import first_of, pause
from .replies import Device, QueueState
from .status import ServerState, ServerStatus

logger = logging.getLogger(__name__)

#: Prompts of ours on a server: one running, one waiting so that it never idles between two.
DEPTH = 2
_SECOND_CHANCE = 0.5  # seconds between the first poll that fails and the one that decides
_DEVICE_EVERY = 5  # polls


class Server:
    """A ComfyUI server as the fleet knows it; ``run`` is its one task."""

    def __init__(
        self,
        config: ServerConfig,
        coordinator: Coordinator,
        session: aiohttp.ClientSession,
        *,
        new_backoff: Callable[[], Backoff],
        refresh_seconds: float,
        poll_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.name = config.name
        self.listing: Listing | None = None  # the last one seen, kept while it is offline
        self.tried = asyncio.Event()  # set once it has answered, or failed to, for the first time
        self.online = False
        self.draining = False
        self._fleet = coordinator
        self._client = ComfyClient(config, session)
        self._discovery = Discovery(self._client)
        self._backoff = new_backoff()
        self._listener = Listener(
            self._client,
            session,
            on_message=self._on_message,
            on_connection=self._look_soon,
            backoff=new_backoff(),
        )
        self._refresh_seconds = refresh_seconds
        self._poll_seconds = poll_seconds
        self._reason = "It has not been reached yet."
        self._device = Device()
        self._queue = QueueState()
        self._wake = asyncio.Event()
        self._look_now = asyncio.Event()
        self._relist_now = asyncio.Event()
        self.errands = Errands(
            self._client,
            coordinator,
            client_id=lambda: self._listener.client_id,
            new_backoff=new_backoff,
            clock=clock,
            alarm=self._look_soon,
            refused=self._relist_now.set,
            freed=self.wake,
        )

    # --- what the fleet asks -----------------------------------------------------------------

    def status(self, *, checkpoints: tuple[str, ...], waiting: str) -> ServerStatus:
        """How it is doing now, with what the fleet knows about it."""
        return ServerStatus(
            name=self.name,
            url=self._client.base,
            state=self.state,
            reason=self._why_not_online(),
            queue_running=len(self._queue.running),
            queue_pending=len(self._queue.pending),
            vram_total=self._device.vram_total,
            vram_free=self._device.vram_free,
            loaded_checkpoint=self.errands.warm,
            images_per_minute=self.errands.pace.images_per_minute,
            checkpoints=checkpoints,
            waiting=waiting,
        )

    @property
    def state(self) -> ServerState:
        """One word for it."""
        if not self.online:
            return "offline"
        if self.draining:
            return "draining"
        return "busy" if self.errands.unfinished or self._queue.running else "online"

    def _why_not_online(self) -> str:
        if not self.online:
            return self._reason
        return "It finishes what it has and takes nothing new." if self.draining else ""

    @property
    def is_open(self) -> bool:
        """Whether it may be given jobs."""
        return self.online and not self.draining

    def wake(self) -> None:
        """There may be something to take."""
        self._wake.set()

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
                await self._backoff.wait()
        finally:
            self.online = False
            await self.errands.stop()

    async def _connect(self) -> None:
        self._device = await self._client.device()
        self.listing = await self._discovery.listing()
        self._queue = await self._client.queue()
        self.errands.server_came()
        self.online = True
        self._backoff.reset()
        self._fleet.changed()  # from here on graphs can be built for it
        self._reclaim()
        self.tried.set()
        logger.info("%s is online", self.name)
        await self.errands.drop_orphans()

    async def _serve(self) -> None:
        await first_of(
            self._listener.run(), self._watch(), self._take_jobs(), self._refresh_listing()
        )

    def _go_offline(self, error: ServerError) -> None:
        if self.online or not self.tried.is_set():
            logger.warning("%s is offline: %s", self.name, error)
        self.online = False
        self._reason = str(error)
        self._queue = QueueState()
        self.errands.server_went()
        self.tried.set()
        self._fleet.changed()

    async def _take_jobs(self) -> None:
        while True:
            self._reclaim()
            while len(self.errands.unfinished) < DEPTH and (waiting := self._fleet.take(self)):
                self.errands.begin(waiting)
            await self._wake.wait()
            self._wake.clear()

    def _reclaim(self) -> None:
        """Look for jobs this server had before it, or the studio, went away."""
        for waiting in self._fleet.reclaim(self):
            self.errands.begin(waiting, waiting.traces.pop(self.name))

    async def _watch(self) -> None:
        """Poll the queue: the judge of whether the server is there and prompts are alive."""
        failed_before = False
        polls = 0
        while True:
            posted = self.errands.posted
            try:
                self._queue = await self._client.queue()
                polls += 1
                if polls % _DEVICE_EVERY == 0:
                    self._device = await self._client.device()
            except ServerError:
                if failed_before:
                    raise
                failed_before = True
                await asyncio.sleep(_SECOND_CHANCE)
                continue
            failed_before = False
            self.errands.seen(self._queue, posted, lost_after=self._poll_seconds)
            self.wake()
            await pause(self._poll_seconds, unless=self._look_now)

    async def _refresh_listing(self) -> None:
        while True:
            await pause(self._refresh_seconds, unless=self._relist_now)
            before = self.listing
            try:
                self.listing = await self._discovery.listing()
            except ServerError:
                self._look_soon()  # whether it is gone is for the watch to find out
            if self.listing != before:
                self._fleet.changed()

    def _look_soon(self) -> None:
        self._look_now.set()

    def _on_message(self, message: wire.Message) -> None:
        if isinstance(message, wire.NodeText) or message.prompt_id is None:
            return
        errand = self.errands.get(message.prompt_id)
        if errand is None:
            return
        if isinstance(message, wire.PromptEnded):
            errand.hint()
        elif isinstance(message, (wire.SamplerStep, wire.Preview)):
            self._fleet.heard(self.name, errand.job, message)
