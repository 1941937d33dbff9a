"""Jobs for a fleet without a studio around it, and a log that keeps no more than it must."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import numpy as np

from companion_app.fleet import Job, Told
from vibes.recipes import Candidate, Recipe


def new_job(
    checkpoint: str,
    rng: np.random.Generator,
    *,
    steps: int = 1,
    batch: str = "batch",
    session: str = "session",
) -> Job:
    """A draft of 64 × 64 px with a seed of its own, so that no server has it in its cache."""
    recipe = Recipe(
        template="draft",
        tier="tiny_test",
        prompt="misty forest at dawn",
        candidate=Candidate(checkpoint),
        seed=int(rng.integers(2**53)),
        width=64,
        height=64,
        steps=steps,
        cfg=1.0,
        sampler="euler",
        scheduler="normal",
    )
    return Job(uuid4().hex, batch, session, recipe)


class JobWatch:
    """A job log that stores nothing: it counts, and tells when a job begins and when it ends.

    ``begun`` is called with a job and its server each time it is submitted, ``ended`` once it is
    collected; a job that fails ends the benchmark.
    """

    def __init__(
        self,
        *,
        begun: Callable[[Job, str, str], None] = lambda job, server, prompt_id: None,
        ended: Callable[[Job, str], None] = lambda job, server: None,
    ):
        self.collected_count = 0
        self._begun = begun
        self._ended = ended
        self._changed = asyncio.Event()
        self._failure = ""

    async def submitted(
        self, job: Job, *, server: str, prompt_id: str, graph_hash: str, attempt: int
    ) -> None:
        """A job begins on a server, for the first time or again."""
        self._begun(job, server, prompt_id)

    async def returned(self, job: Job, *, prompt_id: str, adrift: bool, why: str) -> None:
        """It will begin again."""

    async def collected(self, job: Job, *, server: str, data: bytes, told: Told) -> None:
        """Its picture is there."""
        self.collected_count += 1
        self._ended(job, server)
        self._changed.set()

    async def failed(self, job: Job, *, server: str | None, error: str) -> None:
        """The benchmark is over."""
        self._failure = error
        self._changed.set()

    async def cancelled(self, job: Job) -> None:
        """Nobody does that here."""

    async def dropped(self, prompt_id: str) -> None:
        """Nothing to strike out."""

    async def source_bytes(self, image_id: str) -> bytes:
        """No job here is rendered from another picture."""
        raise NotImplementedError

    def fault(self, server: str, kind: str, sentence: str, image_id: str | None = None) -> None:
        """The server's owner is not here."""

    async def until(self, truth: Callable[[], bool], seconds: float) -> None:
        """Return once it is true, looking at every picture that comes; else SystemExit."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not truth():
            if self._failure:
                raise SystemExit(f"an image failed: {self._failure}")
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - clock())
            except asyncio.TimeoutError:
                raise SystemExit(f"only {self.collected_count} images in {seconds} s") from None
