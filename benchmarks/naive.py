"""The fleet against round-robin posting: the same graphs, the same two servers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from companion_app.cli.demo_servers import demo_servers
from companion_app.fleet import Fleet, Job, ProgressStream
from companion_app.fleet.client import ComfyClient
from tests.comfyui import servers as comfyui
from vibes.settings import ServerConfig
from vibes.workflows import build_graph, load_template

from .jobs import JobWatch, new_job

IMAGES = 60
ROUNDS = 2  # of both methods, the order turned round each time
CHECKPOINTS = ("tiny-a.safetensors", "tiny-b.safetensors")
EMBEDDED_STEPS = 18  # 0.08 s a picture, which makes the half second of a switch six pictures
PATIENCE = 120  # seconds


def measure() -> dict[str, Any]:
    """How much sooner 60 images are made in the order A, A, B, B, …"""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        installation = find_comfyui()
        if installation is None:
            configs = stack.enter_context(demo_servers({"one": 1.0, "two": 1.0}))
        else:
            configs = [
                stack.enter_context(real_server(installation, name, Path(folder) / name))
                for name in ("one", "two")
            ]
        steps = EMBEDDED_STEPS if installation is None else 1
        figures = asyncio.run(_compare(configs, steps))
    return {"naive_servers": "embedded" if installation is None else "ComfyUI", **figures}


async def _compare(configs: Sequence[ServerConfig], steps: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    seconds: dict[str, list[float]] = {"naive": [], "fleet": []}
    async with aiohttp.ClientSession() as session:
        clients = [ComfyClient(config, session) for config in configs]
        post = partial(_round_robin, clients, session)
        image, switch = await _costs(clients[0], post, rng, steps)
        methods = {"naive": post, "fleet": partial(_by_fleet, configs)}
        for number in range(ROUNDS):
            for name in sorted(methods, reverse=number % 2 == 0):
                # Both servers have A loaded, which is what the naive client begins with.
                await post([new_job(CHECKPOINTS[0], rng, steps=steps) for _ in clients])
                order = islice(cycle([c for c in CHECKPOINTS for _ in range(2)]), IMAGES)
                jobs = [new_job(checkpoint, rng, steps=steps) for checkpoint in order]
                seconds[name].append(await methods[name](jobs))
    return {
        "naive_speedup": round(sum(seconds["naive"]) / sum(seconds["fleet"]), 2),
        "naive_seconds": [round(took, 2) for took in seconds["naive"]],
        "fleet_seconds": [round(took, 2) for took in seconds["fleet"]],
        "image_seconds": round(image, 3),
        "switch_seconds": round(switch, 3),
    }


async def _costs(
    client: ComfyClient, post: Any, rng: np.random.Generator, steps: int
) -> tuple[float, float]:
    """Seconds of an image and of a change of checkpoint, on one server by itself."""
    alone = partial(_round_robin, [client], post.args[1])
    timed = [
        await alone([new_job(checkpoint, rng, steps=steps)])
        for checkpoint in CHECKPOINTS[:1] * 6 + CHECKPOINTS * 3
    ]
    image = float(np.median(timed[2:6]))
    return image, float(np.median(timed[7:])) - image


async def _round_robin(
    clients: Sequence[ComfyClient], session: aiohttp.ClientSession, jobs: Sequence[Job]
) -> float:
    """Post everything at once, to each server in turn; seconds until all queues are empty.

    The pictures are left on the servers, which spares this method a part of the work.
    """
    began = time.perf_counter()
    await asyncio.gather(
        *(_post(client, jobs[place :: len(clients)]) for place, client in enumerate(clients))
    )
    await asyncio.gather(*(_until_idle(client, session) for client in clients))
    took = time.perf_counter() - began
    for place, job in enumerate(jobs):
        ended = await clients[place % len(clients)].finished(job.id)
        if ended is None or ended.how != "success":
            raise SystemExit(f"the naive client's image failed: {ended}")
    return took


async def _post(client: ComfyClient, jobs: Sequence[Job]) -> None:
    """The graphs the fleet would post, under the jobs' ids."""
    for job in jobs:
        graph = build_graph(
            load_template(job.recipe.template),
            job.recipe,
            spelling=lambda _, name: name,
            source=None,
            prefix=f"naive/{job.id}",
            node_classes=frozenset(),
            family="sd3",
        )
        await client.post_prompt(graph.graph, prompt_id=job.id, client_id="naive")


async def _until_idle(client: ComfyClient, session: aiohttp.ClientSession) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        async with session.get(f"{client.base}/prompt") as reply:
            if (await reply.json())["exec_info"]["queue_remaining"] == 0:
                return
        await asyncio.sleep(0.01)
    raise SystemExit(f"{client.server} is not done after {PATIENCE} s")


async def _by_fleet(configs: Sequence[ServerConfig], jobs: Sequence[Job]) -> float:
    """Seconds from the order to the last picture in our hands, with a fleet that knows nothing."""
    log = JobWatch()
    fleet = Fleet(configs, log=log, progress=ProgressStream())
    await fleet.start()
    try:
        await fleet.wait_ready(10)
        began = time.perf_counter()
        fleet.submit(jobs)
        await log.until(lambda: log.collected_count == len(jobs), PATIENCE)
        return time.perf_counter() - began
    finally:
        await fleet.stop()


def find_comfyui() -> comfyui.Installation | None:
    """The ComfyUI on this machine, where the tests look for it too; None when there is none."""
    directory = Path(os.environ.get("COMFYUI_DIR", "~/comfy/ComfyUI")).expanduser()
    scripts = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    own = directory.joinpath(".venv", *scripts)
    python = Path(os.environ.get("COMFYUI_PYTHON", own)).expanduser()
    if not (directory / "main.py").is_file() or not python.is_file():
        return None
    return comfyui.Installation(directory, python)


@contextmanager
def real_server(
    installation: comfyui.Installation, name: str, base: Path
) -> Iterator[ServerConfig]:
    """A ComfyUI on the CPU with two tiny checkpoints, as the tests start it."""
    comfyui.add_models(base, CHECKPOINTS)
    for folder in ("custom_nodes", "input", "output", "user", "temp"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    port = comfyui.free_port()
    process = subprocess.Popen(
        comfyui.command(installation, base, port),
        cwd=installation.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # One core for each: with more threads than cores, two servers would wait for each other.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + comfyui.START_SECONDS
        while not comfyui.answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"ComfyUI in {installation.directory} does not start")
            time.sleep(0.1)
        yield ServerConfig.model_validate({"name": name, "url": url})
    finally:
        comfyui.stop(process)
