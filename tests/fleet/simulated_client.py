"""A client that speaks to a simulated server; only the wire is made of timers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, TypeVar

import aiohttp
from PIL import Image

from companion_app.fleet.client import ComfyClient
from companion_app.fleet.replies import Device, FileRef, Finished, ModelFile, QueueState
from vibes.errors import GraphRefused, RenderFailed, ServerUnreachable
from vibes.settings import ServerConfig
from vibes.workflows import load_template

from .simulated_servers import Prompt, SimulatedServer

T = TypeVar("T")

_NODES = frozenset[str]().union(*(load_template(name).needs.nodes for name in ("draft", "refine")))
_PATIENCE = {"queue": 8.0}  # seconds until a request that gets no answer is given up
_IMPATIENT = 20.0  # the same for all others


def picture() -> bytes:
    """What every server paints."""
    out = BytesIO()
    Image.new("RGB", (8, 8), (90, 120, 150)).save(out, "PNG")
    return out.getvalue()


_PICTURE = picture()


class SimulatedClient(ComfyClient):
    """Speaks to a simulated server; each request arrives, and is answered, a little later.

    Once its studio is ``killed`` no request of it arrives any more.
    """

    def __init__(
        self,
        config: ServerConfig,
        session: aiohttp.ClientSession,
        server: SimulatedServer,
        killed: Callable[[], bool],
    ):
        super().__init__(config, session)
        self._sim = server
        self._killed = killed

    async def _ask(self, method: str, answer: Callable[[], T], prompt_id: str = "") -> T:
        sim = self._sim
        await asyncio.sleep(sim.latency)
        await self._arrive(method, prompt_id)
        reply = answer()
        starts = sim.starts
        await asyncio.sleep(sim.latency)
        if sim.lost_replies[method] > 0:
            sim.lost_replies[method] -= 1
            raise self._lost(method, prompt_id)
        if sim.starts != starts or sim.faults.away:
            raise self._lost(method, prompt_id)
        return reply

    async def _arrive(self, method: str, prompt_id: str) -> None:
        if self._killed():
            await asyncio.Event().wait()
        if self._sim.faults.away == "silent":
            await asyncio.sleep(_PATIENCE.get(method, _IMPATIENT))
            raise self._lost(method, prompt_id)
        if self._sim.lost_requests[method] > 0:
            self._sim.lost_requests[method] -= 1
            raise self._lost(method, prompt_id)
        if self._sim.faults.away:
            raise self._lost(method, prompt_id)

    def _lost(self, method: str, prompt_id: str) -> ServerUnreachable:
        concerned = {prompt_id} if prompt_id else self._sim.ours()
        self._sim.troubled |= concerned
        return self._unreachable(f"does not answer to {method}")

    async def device(self) -> Device:
        return await self._ask("device", Device)

    async def features(self) -> dict[str, Any]:
        return {}

    async def models(self, folder: str) -> tuple[str, ...]:
        def names() -> tuple[str, ...]:
            return tuple(sorted(self._sim.checkpoints)) if folder == "checkpoints" else ()

        return await self._ask("models", names)

    async def model_files(self, folder: str) -> dict[str, ModelFile]:
        return {}

    async def model_metadata(self, folder: str, name: str) -> dict[str, str]:
        return {}

    async def embeddings(self) -> tuple[str, ...]:
        return ()

    async def object_info(self) -> dict[str, Any]:
        return await self._ask("object_info", lambda: {name: {} for name in _NODES})

    async def queue(self) -> QueueState:
        def state() -> QueueState:
            running = [self._sim.running.id] if self._sim.running else []
            return QueueState(frozenset(running), frozenset(p.id for p in self._sim.pending))

        return await self._ask("queue", state)

    async def finished(self, prompt_id: str) -> Finished | None:
        return await self._ask("finished", lambda: self._sim.history.get(prompt_id), prompt_id)

    async def post_prompt(
        self,
        graph: Mapping[str, Any],
        *,
        prompt_id: str,
        client_id: str,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> None:
        sim = self._sim
        sim.on_post(sim.name, prompt_id)
        prompt = _prompt(graph, prompt_id, client_id)
        assert prompt.job_id is not None

        def accept() -> bool:
            known = prompt.checkpoint in sim.checkpoints
            if sim.faults.refuses or not known:
                sim.refused.add(prompt.job_id or "")
                return False
            sim.post(prompt)
            return True

        if not await self._ask("post", accept, prompt_id):
            raise GraphRefused(f"{sim.name} refuses the graph: it will not.", server=sim.name)

    async def delete_pending(self, prompt_id: str) -> None:
        await self._ask("delete", lambda: self._sim.delete(prompt_id), prompt_id)

    async def interrupt(self, prompt_id: str) -> None:
        await self._ask("interrupt", lambda: self._sim.interrupt(prompt_id), prompt_id)

    async def upload_image(self, name: str, data: bytes) -> str:
        return await self._ask("upload", lambda: f"vibes/{name}", name)

    async def view(self, file: FileRef) -> bytes:
        kind = await self._ask("view", lambda: self._sim.faults.pictures, file.filename)
        if kind:
            self._sim.troubled.add(file.filename)
        if kind == "gone":
            raise RenderFailed(f"{self.server} does not hand it out.", server=self.server)
        return b"no picture" if kind else _PICTURE

    @asynccontextmanager
    async def listen(self, client_id: str) -> AsyncIterator[AsyncIterator[str | bytes]]:
        sim = self._sim
        await asyncio.sleep(sim.latency)
        if sim.faults.away or sim.faults.no_socket or self._killed():
            raise aiohttp.ClientConnectionError("no socket here")
        sim.sockets[client_id] = asyncio.Queue()
        try:
            yield self._frames(sim.sockets[client_id])
        finally:
            sim.sockets.pop(client_id, None)

    async def _frames(self, socket: asyncio.Queue[str | None]) -> AsyncIterator[str | bytes]:
        while (frame := await socket.get()) is not None:
            yield frame


def _prompt(graph: Mapping[str, Any], prompt_id: str, client_id: str) -> Prompt:
    inputs = {node["class_type"]: node["inputs"] for node in graph.values()}
    size = (
        inputs.get("EmptyLatentImage") or inputs.get("ImageScale") or inputs["EmptySD3LatentImage"]
    )
    return Prompt(
        prompt_id,
        client_id,
        inputs["SaveImage"]["filename_prefix"].removeprefix("vibes/"),
        inputs["CheckpointLoaderSimple"]["ckpt_name"],
        size["width"] * size["height"],
        tuple(id for id, node in graph.items() if node["class_type"] == "SaveImage"),
    )
