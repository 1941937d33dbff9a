"""Hundreds of servers and thousands of jobs through the real fleet, over servers made of timers.

``python -m benchmarks.simulated`` prints one line of JSON. It runs in a process of its own, so that
the memory it measures is that of the fleet, and in time that counts the fleet's computing but skips
what everybody sleeps: a wait is as long as it would be on a machine with nothing else to do.
"""

from __future__ import annotations

import asyncio
import gc
import io
import json
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import psutil
from PIL import Image

from companion_app.fleet import Fleet, Job, ProgressStream
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.replies import Device, FileRef, Finished, ModelFile, QueueState
from vibes.settings import ServerConfig

from .jobs import JobWatch, new_job
from .virtual_time import run_skipping

SERVERS = 256
JOBS = 20_000
EARLY = 1 / 10  # of the jobs: then memory is measured for the first time
SESSIONS = 20  # each with a batch in the line, and the next one when that is done
BATCH = 200
SECONDS = (1.6, 0.8, 0.53, 0.4)  # per image, by server
SWITCH = 5  # images' time
CHECKPOINTS = tuple(f"model-{letter}.safetensors" for letter in "abcdefgh")
RARE = "rare.safetensors"  # on one server of sixteen, wanted by one job in fifty
STARVED = 3  # times the mean wait; the last image of a batch waits twice the mean
PATIENCE = 150  # seconds
_NODES = (
    *("CheckpointLoaderSimple", "CLIPTextEncode", "EmptyLatentImage", "EmptySD3LatentImage"),
    *("KSampler", "LoraLoader", "SaveImage", "VAEDecode"),
)


class Machine:
    """A render server that only takes its time: one prompt after the other."""

    def __init__(self, seconds: float, checkpoints: tuple[str, ...]):
        self.checkpoints = checkpoints
        self.pending: deque[tuple[str, str]] = deque()  # (prompt id, checkpoint)
        self.running: str | None = None
        self.finished: dict[str, None] = {}
        self.frames: asyncio.Queue[str] = asyncio.Queue()
        self._seconds = seconds
        self._loaded: str | None = None
        self._arrived = asyncio.Event()

    def post(self, prompt_id: str, checkpoint: str) -> None:
        """Queue a prompt."""
        self.pending.append((prompt_id, checkpoint))
        self._arrived.set()

    async def work(self) -> None:
        """Serve the queue until cancelled."""
        while True:
            if not self.pending:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            self.running, checkpoint = self.pending.popleft()
            images = 1 if checkpoint == self._loaded else 1 + SWITCH
            self._loaded = checkpoint
            await asyncio.sleep(self._seconds * images)
            self._end(self.running)

    def _end(self, prompt_id: str) -> None:
        self.running = None
        self.finished[prompt_id] = None
        done = {"type": "executing", "data": {"node": None, "prompt_id": prompt_id}}
        self.frames.put_nowait(json.dumps(done))


class MachineClient(ComfyClient):
    """Speaks to a machine of this process in place of a server; only the wire is left out."""

    def __init__(self, config: ServerConfig, session: aiohttp.ClientSession, machine: Machine):
        super().__init__(config, session)
        self._machine = machine
        self._picture = _picture()

    async def device(self) -> Device:
        """A device that tells nothing."""
        return Device()

    async def models(self, folder: str) -> tuple[str, ...]:
        """Its checkpoints."""
        return self._machine.checkpoints if folder == "checkpoints" else ()

    async def model_files(self, folder: str) -> dict[str, ModelFile]:
        """Not told."""
        return {}

    async def model_metadata(self, folder: str, name: str) -> dict[str, str]:
        """All are of one family."""
        return {"modelspec.architecture": "stable-diffusion-v3-medium"}

    async def embeddings(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def object_info(self) -> dict[str, Any]:
        """The nodes the drafts need."""
        return {name: {} for name in _NODES}

    async def queue(self) -> QueueState:
        """What it has."""
        running = {self._machine.running} if self._machine.running else ()
        return QueueState(frozenset(running), frozenset(id for id, _ in self._machine.pending))

    async def finished(self, prompt_id: str) -> Finished | None:
        """Success, if the machine is through with it."""
        if prompt_id not in self._machine.finished:
            return None
        return Finished("success", files={node: (FileRef(prompt_id),) for node in self._outputs})

    async def post_prompt(
        self,
        graph: Mapping[str, Any],
        *,
        prompt_id: str,
        client_id: str,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> None:
        """Queue it under its checkpoint."""
        kinds = {node["class_type"]: node["inputs"] for node in graph.values()}
        self._outputs = [id for id, node in graph.items() if node["class_type"] == "SaveImage"]
        self._machine.post(prompt_id, kinds["CheckpointLoaderSimple"]["ckpt_name"])

    async def delete_pending(self, prompt_id: str) -> None:
        """Take it out if it waits."""
        kept = [waiting for waiting in self._machine.pending if waiting[0] != prompt_id]
        self._machine.pending = deque(kept)

    async def interrupt(self, prompt_id: str) -> None:
        """Too late, as on a server past its last step."""

    async def view(self, file: FileRef) -> bytes:
        """The same picture for all; the machine forgets the prompt."""
        self._machine.finished.pop(file.filename, None)
        return self._picture

    @asynccontextmanager
    async def listen(self, client_id: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
        """What the machine tells."""
        yield self._frames()

    async def _frames(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self._machine.frames.get()


class Customers:
    """Sessions that each keep one batch in the line, so that the load is the same all the time."""

    def __init__(self, fleet: Fleet, rng: np.random.Generator):
        self._fleet = fleet
        self._rng = rng
        self._batches = 0
        self._left: dict[str, int] = {}  # batch id → images not made yet

    def order(self, session: str) -> list[Job]:
        """Submit a batch over three checkpoints, with a few images of the rare one."""
        self._batches += 1
        batch = f"batch-{self._batches}"
        pool = self._rng.choice(CHECKPOINTS, 3, replace=False)
        chosen = [
            RARE if self._rng.random() < 1 / 50 else str(self._rng.choice(pool))
            for _ in range(BATCH)
        ]
        jobs = [new_job(name, self._rng, batch=batch, session=session) for name in chosen]
        self._left[batch] = BATCH
        self._fleet.submit(jobs)
        return jobs

    def served(self, job: Job) -> bool:
        """Whether that was the last image of its batch."""
        self._left[job.batch_id] -= 1
        if self._left[job.batch_id]:
            return False
        del self._left[job.batch_id]
        return True


class Waits:
    """Seconds from the order of a job to the moment a server gets it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ordered: dict[str, float] = {}  # job id → when, of those that wait
        self._over = array("d")

    def ordered(self, jobs: list[Job]) -> None:
        """Their waits begin."""
        now = self._clock()
        self._ordered.update((job.id, now) for job in jobs)

    def begun(self, job: Job) -> None:
        """Its wait is over, unless it was before."""
        ordered = self._ordered.pop(job.id, None)
        if ordered is not None:
            self._over.append(self._clock() - ordered)

    def figures(self) -> dict[str, Any]:
        """The mean of the waits that are over, and the longest, those that go on included."""
        now, mean = self._clock(), float(np.mean(self._over))
        every = np.array([*self._over, *(now - ordered for ordered in self._ordered.values())])
        return {
            "wait_mean_seconds": round(mean, 1),
            "wait_longest_seconds": round(float(every.max()), 1),
            "starved_jobs": int(np.sum(every > STARVED * mean)),
        }


async def run(servers: int = SERVERS, jobs: int = JOBS) -> dict[str, Any]:
    """Serve so many jobs and tell what memory and waiting came of it."""
    rng = np.random.default_rng(1)
    machines = {f"machine-{number}": _machine(number) for number in range(servers)}
    clock = asyncio.get_running_loop().time
    waits, process, began = Waits(clock), psutil.Process(), clock()
    memory: list[float] = []  # MB, early and in the end

    def begun(job: Job, server: str, prompt_id: str) -> None:
        waits.begun(job)

    def ended(job: Job, server: str) -> None:
        if log.collected_count in (int(EARLY * jobs), jobs):
            gc.collect()
            memory.append(process.memory_info().rss / 1e6)
        if customers.served(job):
            waits.ordered(customers.order(job.session_id))

    log = JobWatch(begun=begun, ended=ended)
    fleet = Fleet(
        [ServerConfig.model_validate({"name": n, "url": f"http://{n}"}) for n in machines],
        log=log,
        progress=ProgressStream(),
        clock=clock,
        new_client=lambda config, session: MachineClient(config, session, machines[config.name]),
    )
    customers = Customers(fleet, rng)
    work = [asyncio.ensure_future(machine.work()) for machine in machines.values()]
    await fleet.start()
    try:
        await fleet.wait_ready(30)
        for number in range(SESSIONS):
            waits.ordered(customers.order(f"session-{number}"))
        await log.until(lambda: log.collected_count >= jobs, PATIENCE)
        return {
            "servers": servers,
            "servers_jobs": jobs,
            "servers_seconds": round(clock() - began, 1),
            "servers_growth_mb": round(memory[1] - memory[0], 1),
            "servers_memory_mb": round(memory[1], 1),
            "servers_cpu_ms_per_job": round(1000 * sum(process.cpu_times()[:2]) / jobs, 2),
            **waits.figures(),
        }
    finally:
        await fleet.stop()
        for task in work:
            task.cancel()


def _machine(number: int) -> Machine:
    """Every speed has every set of models: each server lacks one, a few have the rare one."""
    names = [name for place, name in enumerate(CHECKPOINTS) if place != number // 4 % 8]
    if number % 16 == number // 16 % 4:
        names.append(RARE)
    return Machine(SECONDS[number % 4], tuple(names))


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 120, 150)).save(out, "PNG")
    return out.getvalue()


def measure() -> dict[str, Any]:
    """What ``run`` finds, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.simulated"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    figures: dict[str, Any] = json.loads(said.splitlines()[-1])
    return figures


if __name__ == "__main__":
    print(json.dumps(run_skipping(run())))
