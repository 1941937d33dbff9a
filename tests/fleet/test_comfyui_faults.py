"""Real ComfyUI is killed, and the studio over it; every image is made and stored once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.comfyui import servers
from tests.comfyui.servers import ComfyUI, Installation
from tests.contract.graphs import draft
from tests.fleet import processes
from tests.fleet.processes import HASTE, RenderServer, assert_whole, until
from tests.ports import free_port

nursery, world = processes.nursery, processes.world
pytestmark = pytest.mark.comfyui

# Half a second or so each: long enough to be killed in.
LONG = {"width": 128, "height": 128, "steps": 20}
FOREIGN = {"prompt_id": "foreign", "client_id": "somebody"}


@dataclass
class Mortal:
    """A real server that may be killed and started again at the same address."""

    comfyui: Installation
    base: Path
    port: int
    stack: ExitStack
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.base / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                servers.command(self.comfyui, self.base, self.port),
                cwd=self.comfyui.directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.stack.callback(servers.stop, self.process)

    def kill(self) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    async def ready(self) -> None:
        server = ComfyUI("mortal", self.url, self.base)
        assert self.process
        await asyncio.to_thread(servers.wait_until_ready, server, self.process)


@pytest.fixture(scope="module")
def mortal(comfyui: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    base = tmp_path_factory.mktemp("comfyui-mortal")
    servers.add_models(base, servers.CHECKPOINTS[:2])
    for folder in ("custom_nodes", "models", "input", "output", "user", "temp"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        mortal = Mortal(comfyui, base, free_port(), stack)
        mortal.start()
        yield mortal


@pytest.fixture
async def lasting(comfyui_server: ComfyUI):
    """The server that is up all the while, to be asked like the embedded ones."""
    async with httpx.AsyncClient(timeout=60) as http:
        yield asking(comfyui_server.url, http)


def asking(url: str, http: httpx.AsyncClient) -> RenderServer:
    return RenderServer("real", None, None, url=url, http=http)  # type: ignore[arg-type]


async def test_a_killed_comfyuis_images_are_made_by_another_and_it_is_used_again(
    world, mortal, lasting, record_property
):
    await mortal.ready()
    studio = await world.studio({"mortal": mortal.url, "lasting": lasting.url})
    dying = asking(mortal.url, lasting.http)
    batch = await studio.batch(8, overrides=LONG)
    lost = await until(dying.begun)
    mortal.kill()
    died = time.monotonic()

    async def recovered() -> bool:
        return lost <= {image["id"] for image in await studio.images(batch, "collected")}

    mortal.start()
    await until(recovered, "the lost images")
    record_property("recovery_seconds", round(time.monotonic() - died, 2))
    await studio.api.finished(batch)
    await mortal.ready()
    await studio.state("mortal", "online", "busy")
    await studio.is_used("mortal")
    await assert_whole(studio, batch, collected=8)


async def test_a_studio_killed_over_two_comfyuis_finds_all_it_had_begun(world, mortal, lasting):
    await mortal.ready()
    urls = {"mortal": mortal.url, "lasting": lasting.url}
    studio = await world.studio(urls)
    both = (asking(mortal.url, lasting.http), lasting)
    batch = await studio.batch(8, overrides=LONG)
    await studio.collected(batch, 2)
    await studio.kill()
    studio = await world.studio(urls)
    grid = await assert_whole(studio, batch, collected=8)
    made = {image["id"] for image in grid["images"]}
    renders = [{i: n for i, n in (await s.renders()).items() if i in made} for s in both]
    assert sorted([*renders[0], *renders[1]]) == sorted(made)
    assert {*renders[0].values(), *renders[1].values()} == {1}


async def test_somebody_elses_prompt_on_a_real_server_is_left_alone(world, lasting):
    studio = await world.studio({"lasting": lasting.url}, fleet=HASTE)
    running = {**FOREIGN, "prompt": draft(width=128, height=128, steps=100, seed=time.time_ns())}
    pending = {**running, "prompt_id": "foreign-2", "prompt": draft(seed=time.time_ns())}
    await lasting.ask("POST", "/prompt", running)
    batch = await studio.batch(2, overrides=LONG)
    await until(lasting.begun)
    await lasting.ask("POST", "/prompt", pending)
    await studio.api.ok("POST", f"/api/batches/{batch}/pause")
    await studio.api.ok("POST", f"/api/batches/{batch}/resume")
    await studio.api.ok("POST", f"/api/batches/{batch}/cancel")
    await studio.kill()
    studio = await world.studio({"lasting": lasting.url})
    for prompt in ("foreign", "foreign-2"):
        history = await until(lambda prompt=prompt: lasting.ask("GET", f"/history/{prompt}"))
        assert history[prompt]["status"]["status_str"] == "success"
    await assert_whole(studio, batch, cancelled=2)
