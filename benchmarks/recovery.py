"""From the death of a render server to the image it was making coming from another one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
import numpy as np
import psutil

from companion_app.cli.demo_servers import demo_servers
from companion_app.fleet import Fleet, Job, ProgressStream
from companion_app.fleet.client import ComfyClient
from vibes.settings import ServerConfig

from .jobs import JobWatch, new_job

DEATHS = 3
JOBS = 20
SECONDS_PER_IMAGE = 0.5
DOOMED = "doomed"


def measure() -> dict[str, Any]:
    """The longest of three recoveries, each between two fresh servers with work for both."""
    logging.getLogger("companion_app").setLevel(logging.ERROR)  # that a server is gone is no news
    seconds = []
    for _ in range(DEATHS):
        speeds = {DOOMED: 1.0, "spare": 1.0}
        with demo_servers(speeds, seconds_per_image=SECONDS_PER_IMAGE) as configs:
            seconds.append(asyncio.run(_recovery(configs)))
    return {
        "recovery_seconds": round(max(seconds), 2),
        "recoveries": [round(took, 2) for took in seconds],
    }


async def _recovery(configs: Sequence[ServerConfig]) -> float:
    made_by: dict[str, list[str]] = {}  # server → job ids
    prompts: dict[str, str] = {}  # prompt id → job id

    def begun(job: Job, server: str, prompt_id: str) -> None:
        prompts[prompt_id] = job.id

    def ended(job: Job, server: str) -> None:
        made_by.setdefault(server, []).append(job.id)

    log = JobWatch(begun=begun, ended=ended)
    fleet = Fleet(configs, log=log, progress=ProgressStream())
    await fleet.start()
    try:
        await fleet.wait_ready(10)
        rng = np.random.default_rng(1)
        fleet.submit([new_job("tiny-a.safetensors", rng) for _ in range(JOBS)])
        await log.until(lambda: len(made_by.get(DOOMED, [])) >= 2, 30)
        running = prompts[await _running(configs[0])]
        _kill(DOOMED)
        died = time.perf_counter()
        await log.until(lambda: running in made_by["spare"], 60)
        return time.perf_counter() - died
    finally:
        await fleet.stop()


async def _running(config: ServerConfig) -> str:
    """The prompt the server is working on."""
    async with aiohttp.ClientSession() as session:
        client = ComfyClient(config, session)
        while not (running := (await client.queue()).running):  # noqa: ASYNC110 – it tells nobody
            await asyncio.sleep(0.01)
    return next(iter(running))


def _kill(name: str) -> None:
    """SIGKILL for the child that calls itself so."""
    for child in psutil.Process().children():
        if name in child.cmdline():
            child.kill()
