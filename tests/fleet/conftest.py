"""Jobs, a log that remembers, and embedded servers for the fleet to be tested with."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from companion_app.embedded import create_app
from companion_app.fleet import FaultKind, Fleet, Job, Place, ProgressStream, Told
from tests.ports import free_port
from vibes.decoding import Undecodable, decoded
from vibes.errors import UnusablePicture
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import ServerConfig


def make_job(
    id: str,
    *,
    checkpoint: str = "epicrealism.safetensors",
    loras: tuple[LoraUse, ...] = (),
    batch: str = "batch",
    session: str = "session",
    priority: int = 0,
    rank: tuple[float, float] = (0.0, 0.0),
    held: bool = False,
    template: str = "draft",
    prompt: str = "a beach at sunset",
    source: str | None = None,
) -> Job:
    recipe = Recipe(
        template=template,
        tier="sd15_draft",
        prompt=prompt,
        candidate=Candidate(checkpoint, loras),
        seed=sum(id.encode()),
        width=64,
        height=64,
        steps=4,
        cfg=7.0,
        sampler="euler",
        scheduler="normal",
        denoise=0.5 if source else 1.0,
        source=source,
    )
    return Job(id, batch, session, recipe, Place(priority, rank, held))


@pytest.fixture(scope="session")
def job() -> Callable[..., Job]:
    return make_job


@pytest.fixture(scope="session")
def jobs() -> Callable[..., list[Job]]:
    def make(count: int, **options: Any) -> list[Job]:
        return [make_job(f"image-{number}", **options) for number in range(count)]

    return make


class RecordingLog:
    """A JobLog in memory: what was announced, in order, and the pictures.

    ``faults`` holds the errors its next calls raise, by kind; each is noted as "refused <kind>".
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str | None]] = []  # (what, job id, server)
        self.prompts: dict[str, tuple[str, str]] = {}  # job id → (server, prompt id), the last
        self.attempts: dict[str, int] = {}
        self.errors: dict[str, str] = {}
        self.pictures: dict[str, bytes] = {}
        self.told: dict[str, Told] = {}
        self.sources: dict[str, bytes] = {}
        self.dropped_prompts: list[str] = []
        self.server_faults: list[tuple[str, FaultKind, str]] = []
        self.faults: defaultdict[str, list[Exception]] = defaultdict(list)
        self._changed = asyncio.Event()

    @property
    def traces(self) -> dict[str, dict[str, str]]:
        """What a later fleet is told of the prompts of this one."""
        return {job_id: {server: prompt} for job_id, (server, prompt) in self.prompts.items()}

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        self._refuse("submitted", job)
        self.prompts[job.id] = (server, prompt_id)
        self.attempts[job.id] = attempt
        self._note("submitted", job, server)

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        self._refuse("collected", job)
        try:
            decoded(data)
        except Undecodable as error:
            raise UnusablePicture(str(error)) from error
        self.pictures[job.id] = data
        self.told[job.id] = told
        self._note("collected", job, server)

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        self._refuse("failed", job)
        self.errors[job.id] = error
        self._note("failed", job, server)

    async def cancelled(self, job: Job) -> None:
        self._refuse("cancelled", job)
        self._note("cancelled", job, None)

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        self._refuse("returned", job)
        self._note("adrift" if adrift else "returned", job, None)

    async def dropped(self, prompt_id: str) -> None:
        self.dropped_prompts.append(prompt_id)

    async def source_bytes(self, image_id: str) -> bytes:
        return self.sources[image_id]

    def fault(
        self, server: str, kind: FaultKind, sentence: str, image_id: str | None = None
    ) -> None:
        self.server_faults.append((server, kind, sentence))

    def ids(self, what: str) -> list[str]:
        """Job ids of one kind of entry, in order."""
        return [job_id for kind, job_id, _ in self.entries if kind == what]

    def made_by(self) -> Counter[str]:
        """Collected pictures by server."""
        return Counter(server for what, _, server in self.entries if what == "collected")

    async def until(self, what: str, count: int, seconds: float = 20) -> None:
        """Wait until there are ``count`` entries of that kind."""
        while len(self.ids(what)) < count:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), seconds)

    def _refuse(self, what: str, job: Job) -> None:
        if self.faults[what]:
            self._note(f"refused {what}", job, None)
            raise self.faults[what].pop()

    def _note(self, what: str, job: Job, server: str | None) -> None:
        self.entries.append((what, job.id, server))
        self._changed.set()


@dataclass
class Studio:
    """A running fleet with its log and its event stream."""

    fleet: Fleet
    log: RecordingLog
    progress: ProgressStream

    async def eventually(self, truth: Callable[[], Any], seconds: float = 10) -> None:
        """Wait until something holds that nobody announces."""
        async with asyncio_deadline(seconds):
            while not truth():  # noqa: ASYNC110 – nothing to wait for but the truth itself
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def asyncio_deadline(seconds: float) -> AsyncIterator[None]:
    """Cancel the block after a while: ``asyncio.timeout`` for Python 3.10."""
    task = asyncio.current_task()
    assert task is not None
    handle = asyncio.get_running_loop().call_later(seconds, task.cancel)
    try:
        yield
    finally:
        handle.cancel()


@dataclass
class Site:
    """An application that can be stopped and started again on the same port."""

    config: ServerConfig
    build: Callable[[], web.Application]
    app: web.Application | None = None
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        self.app = self.build()
        self.runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.config.url.port).start()

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
        self.runner = None


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start an embedded server, or ``app``; with ``down=True`` it is only prepared."""
    sites: list[Site] = []

    async def start(
        name: str,
        *,
        app: Callable[[], web.Application] | None = None,
        down: bool = False,
        seconds: float | None = 0.02,
        **options: Any,
    ) -> Site:
        config = ServerConfig(name=name, url=f"http://127.0.0.1:{free_port()}")
        options = {"seconds_per_image": seconds, **options}
        site = Site(config, app or (lambda: create_app(name=name, **options)))
        sites.append(site)
        if not down:
            await site.start()
        return site

    yield start
    for site in sites:
        await site.stop()


Open = Callable[..., Awaitable[Studio]]


@pytest.fixture
async def studio() -> AsyncIterator[Open]:
    """Start a fleet over sites or configurations, ready unless ``wait=False``."""
    fleets: list[Fleet] = []

    async def open_fleet(
        *servers: Site | ServerConfig, wait: bool = True, **options: Any
    ) -> Studio:
        configs: Sequence[ServerConfig] = [s.config if isinstance(s, Site) else s for s in servers]
        log, progress = RecordingLog(), ProgressStream()
        options = {"poll_seconds": 0.2, "retry_seconds": 0.1, **options}
        fleet = Fleet(configs, log=log, progress=progress, **options)
        await fleet.start()
        fleets.append(fleet)
        if wait:
            await fleet.wait_ready(10)
        return Studio(fleet, log, progress)

    yield open_fleet
    for fleet in fleets:
        await fleet.stop()


@pytest.fixture(scope="session")
def png() -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()
