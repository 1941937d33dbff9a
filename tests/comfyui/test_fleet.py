"""The fleet makes pictures on real servers."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image
from pydantic import HttpUrl

from companion_app.fleet import FaultKind, Fleet, Job, ProgressStream, Told
from tests.comfyui.servers import LORA, ComfyUI
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui

PATIENCE = 120  # seconds; the first picture loads a checkpoint


@dataclass
class MemoryLog:
    """The fleet's record of jobs, kept in memory."""

    pictures: dict[str, bytes] = field(default_factory=dict)
    made_by: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        self.made_by[job.id] = server

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        assert self.made_by[job.id] == server
        self.pictures[job.id] = data
        self.settled.set()

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        self.faults[job.id] = error
        self.settled.set()

    async def cancelled(self, job: Job) -> None:
        self.faults[job.id] = "cancelled"
        self.settled.set()

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        del self.made_by[job.id]

    async def dropped(self, prompt_id: str) -> None:
        pass

    async def source_bytes(self, image_id: str) -> bytes:
        return self.pictures[image_id]

    def fault(
        self, server: str, kind: FaultKind, sentence: str, image_id: str | None = None
    ) -> None:
        raise AssertionError(sentence)  # these servers do nothing wrong

    async def until(self, count: int) -> None:
        """Wait until that many jobs have ended, one way or the other."""
        while len(self.pictures) + len(self.faults) < count:
            await asyncio.wait_for(self.settled.wait(), PATIENCE)
            self.settled.clear()


DRAFT = Recipe(
    template="draft",
    tier="tiny_test",
    prompt="a lighthouse on a cliff",
    candidate=Candidate("tiny-a.safetensors", (LoraUse(LORA, 0.6),)),
    seed=1,
    width=64,
    height=96,
    steps=1,
    cfg=1.0,
    sampler="euler",
    scheduler="normal",
)


def job(number: int, recipe: Recipe) -> Job:
    return Job(f"image-{number}", "batch", "session", replace(recipe, seed=number))


@pytest.fixture
async def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def fleet(
    two_comfyui_servers: tuple[ComfyUI, ComfyUI], log: MemoryLog
) -> AsyncIterator[Fleet]:
    progress = ProgressStream()
    configs = [ServerConfig(name=s.name, url=HttpUrl(s.url)) for s in two_comfyui_servers]
    fleet = Fleet(configs, log=log, progress=progress, poll_seconds=0.2)
    await fleet.start()
    await fleet.wait_ready(PATIENCE)
    yield fleet
    await fleet.stop()
    progress.close()


async def test_two_servers_share_six_pictures(fleet: Fleet, log: MemoryLog) -> None:
    fleet.submit([job(number, DRAFT) for number in range(6)])

    await log.until(6)

    assert log.faults == {}
    assert {Image.open(io.BytesIO(data)).size for data in log.pictures.values()} == {(64, 96)}
    assert len(set(log.pictures.values())) == 6
    assert set(Counter(log.made_by.values())) == {"real-1", "real-2"}


async def test_a_picture_is_drawn_from_another(fleet: Fleet, log: MemoryLog) -> None:
    refine = replace(DRAFT, template="refine", width=96, height=144, denoise=0.5)
    fleet.submit([job(0, DRAFT)])
    await log.until(1)

    fleet.submit([job(1, replace(refine, source="image-0"))])
    await log.until(2)

    assert log.faults == {}
    assert Image.open(io.BytesIO(log.pictures["image-1"])).size == (96, 144)


async def test_only_the_server_that_has_the_checkpoint_makes_the_picture(
    fleet: Fleet, log: MemoryLog
) -> None:
    only_first = replace(DRAFT, candidate=Candidate("tiny-c.safetensors"))

    fleet.submit([job(number, only_first) for number in range(2)])
    await log.until(2)

    assert log.faults == {}
    assert set(log.made_by.values()) == {"real-1"}
