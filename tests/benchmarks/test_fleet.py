"""The benchmark's own parts: what it measures against must be what it says."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import numpy as np
import pytest
from aiohttp import web

from benchmarks import farm, fleet, simulated
from benchmarks.goals import verdict
from benchmarks.jobs import JobWatch, new_job
from companion_app.fleet import Fleet, Job, ProgressStream
from vibes.settings import ServerConfig


@pytest.fixture
async def farm_address() -> AsyncIterator[str]:
    runner = web.AppRunner(farm.Farm(2).application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_fleet_takes_the_farms_servers_for_comfyui(farm_address: str) -> None:
    made_by: dict[str, str] = {}

    def ended(job: Job, server: str) -> None:
        made_by[job.id] = server

    log = JobWatch(ended=ended)
    configs = [ServerConfig(name=n, url=f"{farm_address}/{n}") for n in ("1", "2")]
    studio = Fleet(configs, log=log, progress=ProgressStream())
    await studio.start()
    await studio.wait_ready(10)
    rng = np.random.default_rng(0)
    studio.submit([new_job("tiny-a.safetensors", rng) for _ in range(20)])
    await log.until(lambda: len(made_by) == 20, 20)
    await studio.stop()
    assert set(made_by.values()) == {"1", "2"}


def test_the_pictures_of_the_farm_differ_in_their_bytes_only() -> None:
    from io import BytesIO

    from PIL import Image

    plain = farm._noise()
    one, two = farm._signed(plain, "one"), farm._signed(plain, "two")
    pixels = [Image.open(BytesIO(each)).tobytes() for each in (plain, one, two)]
    assert one != two
    assert pixels[0] == pixels[1] == pixels[2]


async def test_a_small_simulated_fleet_serves_everybody() -> None:
    figures = await asyncio.wait_for(simulated.run(servers=32, jobs=200), 60)
    assert figures["servers_jobs"] == 200
    assert figures["wait_longest_seconds"] >= figures["wait_mean_seconds"] >= 0


def test_a_machine_knows_the_models_of_its_place() -> None:
    machines = [simulated._machine(number) for number in range(simulated.SERVERS)]
    with_rare = [machine for machine in machines if simulated.RARE in machine.checkpoints]
    assert len(with_rare) == simulated.SERVERS // 16
    for name in simulated.CHECKPOINTS:
        assert sum(name in machine.checkpoints for machine in machines) == 224


@pytest.mark.parametrize(
    ("figure", "value", "met"),
    [
        ("makespan_ratio", 1.05, True),
        ("makespan_ratio", 1.06, False),
        ("naive_speedup", 2.9, False),
        ("images_per_second", 100, True),
        ("starved_jobs", 1, False),
        ("recovery_seconds", 5.1, False),
    ],
)
def test_a_goal_is_met_or_missed(figure: str, value: float, met: bool) -> None:
    assert verdict({figure: value, "something_else": 7}, fleet.GOALS) == {figure: met}


def test_an_unknown_measure_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks.fleet", "--only", "nothing"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "invalid choice" in ended.stderr
