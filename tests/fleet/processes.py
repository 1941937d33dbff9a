"""Studios and render servers as real processes, and what must hold whatever befell them."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
from PIL import Image

from tests.fleet.dying_studio import DYING_WORDS
from tests.fleet.proxy import Proxy
from tests.ports import free_port
from tests.studio.harness import Api
from vibes.storage import check

T = TypeVar("T")
Truth = Callable[[], Any]

PATIENCE = 60  # seconds: how long a condition may take on a machine with much else to do
HASTE = {"poll_seconds": 0.2, "retry_seconds": 0.1}
SCRIPT = Path(__file__).with_name("dying_studio.py")
FINAL = ("done", "failed", "cancelled")


async def until(truth: Truth, what: str = "", seconds: float = PATIENCE) -> Any:
    """Wait for a condition, awaitable or not; what it gave at last."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        found = truth()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert loop.time() < end, f"{what or truth} did not come about in {seconds} s"
        await asyncio.sleep(0.02)


@dataclass
class Child:
    """One process, which says things into ``log``."""

    name: str
    process: psutil.Process
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    async def address(self) -> str:
        """The address it listens on, once it says so."""

        def look() -> str | None:
            assert self.alive, f"{self.name} ended at once:\n{self.said()}"
            found = re.search(r"(?:listening on|ready at) (http://\S+)\n", self.said())
            return found[1] if found else None

        return str(await until(look, f"{self.name} listening"))

    @property
    def alive(self) -> bool:
        return self.process.is_running()

    async def kill(self) -> None:
        """End it as the power does."""
        with suppress(psutil.NoSuchProcess):
            self.process.kill()
        await self.gone()

    async def gone(self) -> None:
        await until(lambda: not self.alive, f"the end of {self.name}")

    def limit_files(self, size: int | None) -> None:
        """Let no file it writes be longer than ``size`` bytes; None takes that back."""
        _, hard = self.process.rlimit(psutil.RLIMIT_FSIZE)
        self.process.rlimit(psutil.RLIMIT_FSIZE, (hard if size is None else size, hard))


@dataclass
class RenderServer(Child):
    """An embedded server, asked over HTTP like any other."""

    url: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    http: httpx.AsyncClient | None = None

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        assert self.http
        reply = await self.http.request(method, self.url + path, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def queue(self) -> list[str]:
        """Prompt ids it is at work on, the running one first."""
        queue = await self.ask("GET", "/queue")
        return [item[1] for item in (*queue["queue_running"], *queue["queue_pending"])]

    async def renders(self) -> Counter[str]:
        """How often it has finished a picture of each image."""
        history = await self.ask("GET", "/history")
        done = [e for e in history.values() if e["status"]["status_str"] == "success"]
        return Counter(image for entry in done for image in _images(entry["prompt"][2]))

    async def begun(self) -> set[str]:
        """The images it is at work on."""
        queue = await self.ask("GET", "/queue")
        items = (*queue["queue_running"], *queue["queue_pending"])
        return {image for item in items for image in _images(item[2])}


def _images(graph: dict[str, Any]) -> list[str]:
    """The images a graph makes, by the names it saves them under."""
    prefixes = [node["inputs"].get("filename_prefix", "") for node in graph.values()]
    return [prefix.removeprefix("vibes/") for prefix in prefixes if prefix.startswith("vibes/")]


class Studio(Child):
    """A studio's process, its REST, and the events it published while it lived."""

    data_dir: Path
    api: Api
    events: list[dict[str, Any]]

    async def batch(self, count: int, **fields: Any) -> str:
        """A batch of 64 × 64 pictures of one step, on its way."""
        session = await self.api.session()
        small = {"width": 64, "height": 64, "checkpoint": "tiny-a", **fields.pop("overrides", {})}
        return await self.api.generate(
            session,
            count=count,
            tier="tiny_test",
            auto_lora=False,
            explore_mode=False,
            overrides=small,
            **fields,
        )

    async def grid(self, batch: str) -> dict[str, Any]:
        return dict(await self.api.ok("GET", f"/api/batches/{batch}"))

    async def images(self, batch: str, state: str) -> list[dict[str, Any]]:
        grid = await self.grid(batch)
        return [image for image in grid["images"] if image["state"] == state]

    async def collected(self, batch: str, count: int) -> None:
        """Wait until so many images of the batch are there."""
        await until(lambda: self._has(batch, count), f"{count} images")

    async def _has(self, batch: str, count: int) -> bool:
        return len(await self.images(batch, "collected")) >= count

    async def server(self, name: str) -> dict[str, Any]:
        servers = await self.api.ok("GET", "/api/gpus")
        return next(server for server in servers if server["name"] == name)

    async def state(self, name: str, *states: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until a server is in one of these states; how it is then."""

        async def look() -> dict[str, Any] | None:
            server = await self.server(name)
            return server if server["state"] in states else None

        return dict(await until(look, f"{name} being {' or '.join(states)}", seconds))

    async def is_used(self, name: str) -> None:
        """Be sure that a server makes pictures, all others being drained meanwhile."""
        servers = await self.api.ok("GET", "/api/gpus")
        others = [server["name"] for server in servers if server["name"] != name]
        for other in others:
            await self.api.ok("POST", f"/api/gpus/{other}/drain")
        grid = await self.api.finished(await self.batch(2))
        assert [image["server"] for image in grid["images"]] == [name, name], grid["images"]
        for other in others:
            await self.api.ok("POST", f"/api/gpus/{other}/use")

    async def faults(self, name: str) -> list[dict[str, Any]]:
        return list(await self.api.ok("GET", f"/api/gpus/{name}/faults", limit=200))

    async def fault(self, name: str, kind: str) -> dict[str, Any]:
        """Wait for a fault of this kind to stand in a server's log."""

        async def look() -> dict[str, Any] | None:
            return next((f for f in await self.faults(name) if f["kind"] == kind), None)

        return dict(await until(look, f"a fault '{kind}' of {name}"))

    async def died(self, point: str) -> None:
        """Wait until it has killed itself, and be sure it was there."""
        await self.gone()
        assert self.said().splitlines().count(f"{DYING_WORDS}{point}") == 1, self.said()

    async def stop(self) -> None:
        """End it as a service manager does; it may complain of nothing."""
        self.process.terminate()
        await self.gone()
        assert "Traceback" not in self.said(), self.said()

    async def follow(self, http: httpx.AsyncClient) -> None:
        """Write down every event from now on; the studio's end ends it too."""
        with suppress(httpx.HTTPError):
            async with http.stream("GET", "/api/events", timeout=None) as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data:"):
                        self.events.append(json.loads(line[5:]))

    def told(self, state: str) -> Counter[str]:
        """How often each image was announced to be in a state."""
        told = [e for e in self.events if e["type"] == "image" and e["state"] == state]
        return Counter(event["image_id"] for event in told)


class Nursery:
    """The process all others are forked from: they are up at once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("VIBES_")},
        )

    def start(self, order: dict[str, Any]) -> psutil.Process:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return psutil.Process(int(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE)


NURSERY = pytest.StashKey[Nursery]()


@pytest.fixture(scope="session")
def nursery(pytestconfig: pytest.Config) -> Nursery:
    """The one of this run, however many modules have this fixture."""
    if sys.platform != "linux":
        pytest.skip("processes are forked and limited as only Linux allows")
    if NURSERY not in pytestconfig.stash:
        pytestconfig.stash[NURSERY] = Nursery()
        pytestconfig.add_cleanup(pytestconfig.stash[NURSERY].close)
    return pytestconfig.stash[NURSERY]


class World:
    """Everything one test starts."""

    def __init__(self, nursery: Nursery, folder: Path, http: httpx.AsyncClient):
        self.data_dir = folder / "data"
        self._nursery = nursery
        self._folder = folder
        self._http = http
        self._children: list[Child] = []
        self._proxies: list[Proxy] = []
        self._readers: list[asyncio.Task[None]] = []
        self._clients: list[httpx.AsyncClient] = []

    async def server(
        self,
        name: str,
        *,
        port: int = 0,
        seconds: float = 0.02,
        faults: tuple[str, ...] = (),
        raises: str = "",
        library: str = "full",
        pack: bool = False,
    ) -> RenderServer:
        """An embedded server of its own process."""
        options = {
            "name": name,
            "port": port or free_port(),
            "seconds": seconds,
            "faults": list(faults),
            "raises": raises,
            "library": library,
            "pack": pack,
        }
        process, log = self._start(name, {"server": options})
        server = RenderServer(name, process, log, options=options, http=self._http)
        self._children.append(server)
        server.url = await server.address()
        return server

    async def again(self, server: RenderServer, **changes: Any) -> RenderServer:
        """A server started anew at the same address: it has forgotten everything."""
        return await self.server(**{**server.options, "port": server.port, **changes})

    async def proxy(self, server: RenderServer) -> Proxy:
        proxy = Proxy(server.port)
        self._proxies.append(proxy)
        await proxy.connect()
        return proxy

    async def studio(
        self,
        servers: dict[str, str],
        *,
        die: str = "",
        turn: int = 1,
        fleet: dict[str, float] | None = None,
        constants: dict[str, Any] | None = None,
        online: bool = True,
    ) -> Studio:
        """A studio over servers (name → URL), always on the same data directory.

        ``online`` waits until all servers are.
        """
        options = {
            "data_dir": str(self.data_dir),
            "servers": [{"name": name, "url": url} for name, url in servers.items()],
            "fleet": HASTE if fleet is None else fleet,
            "constants": constants or {},
            "die": die,
            "turn": turn,
        }
        process, log = self._start("studio", {"studio": options})
        studio = Studio("studio", process, log)
        self._children.append(studio)
        http = httpx.AsyncClient(base_url=await studio.address(), timeout=PATIENCE)
        self._clients.append(http)
        studio.data_dir, studio.api, studio.events = self.data_dir, Api(http), []
        self._readers.append(asyncio.ensure_future(studio.follow(http)))
        if online and not die:
            for name in servers:
                await studio.state(name, "online", "busy")
        return studio

    def _start(self, name: str, order: dict[str, Any]) -> tuple[psutil.Process, Path]:
        log = self._folder / f"{len(self._children):02}-{name}.log"
        log.touch()
        return self._nursery.start({**order, "log": str(log)}), log

    async def close(self) -> None:
        for child in reversed(self._children):
            with suppress(psutil.NoSuchProcess):
                child.process.kill()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for client in self._clients:
            await client.aclose()
        for proxy in self._proxies:
            await proxy.close()


@pytest.fixture
async def world(nursery: Nursery, tmp_path: Path) -> AsyncIterator[World]:
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        world = World(nursery, tmp_path, http)
        yield world
        await world.close()


@asynccontextmanager
async def stopped(child: Child) -> AsyncIterator[None]:
    """A process that hangs: what connects to it gets no answer."""
    child.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.process.send_signal(signal.SIGCONT)


# --- what must hold ----------------------------------------------------------------------------


async def assert_whole(studio: Studio, batch: str, **states: int) -> dict[str, Any]:
    """The batch ends with so many images in each state, each told once, nothing left over.

    Stops the studio, whose directory must then be in order. Gives the batch as it was at the end.
    """
    grid: dict[str, Any] = await studio.api.finished(batch)
    assert Counter(image["state"] for image in grid["images"]) == Counter(states), grid["images"]
    await studio.stop()
    told = studio.told("collected")  # earlier grids are told again when they are left
    more = {i["id"]: told[i["id"]] for i in grid["images"] if told[i["id"]] > 1}
    assert more == {}, f"announced more than once: {more}"
    assert_sound(studio.data_dir)
    return grid


def assert_sound(data_dir: Path) -> None:
    """Rows and files agree, no attempt is open, no file is torn or left over."""
    assert check(data_dir) == []
    collected = {
        row["id"] for row in rows(data_dir, "SELECT id FROM images WHERE state = 'collected'")
    }
    expected = {f"images/{i[:2]}/{i}.png" for i in collected}
    expected |= {f"thumbnails/{i[:2]}/{i}.webp" for i in collected}
    kept = {path.relative_to(data_dir).as_posix() for path in data_dir.rglob("*") if path.is_file()}
    assert {name for name in kept if name.startswith(("images/", "thumbnails/"))} == expected
    own = {"vibes.db", "vibes.db-wal", "vibes.db-shm", "lock", "studio.json", "servers.yaml"}
    assert kept - expected <= own
    for name in expected:
        with Image.open(io.BytesIO((data_dir / name).read_bytes())) as picture:
            picture.load()
    open_ones = "SELECT image_id FROM jobs JOIN images ON images.id = image_id WHERE "
    assert (
        rows(data_dir, open_ones + "jobs.state = 'submitted' AND images.state != 'submitted'") == []
    )
    twice = (
        "SELECT image_id FROM jobs WHERE state = 'collected' GROUP BY image_id HAVING count(*) > 1"
    )
    assert rows(data_dir, twice) == []


def rows(data_dir: Path, query: str) -> list[dict[str, Any]]:
    """What the studio's database answers."""
    with closing(sqlite3.connect(data_dir / "vibes.db")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


async def assert_rendered_once(grid: dict[str, Any], *servers: RenderServer) -> None:
    """Every image of the batch was made once, by all these servers together."""
    renders: Counter[str] = Counter()
    for server in servers:
        renders += await server.renders()
    made = {image["id"] for image in grid["images"] if image["state"] == "collected"}
    assert renders == Counter(made)
