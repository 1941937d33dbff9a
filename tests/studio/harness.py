"""A studio in this process, its REST called without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from companion_app.app import build_app
from vibes.settings import ServerConfig, load_settings

TIMEOUT_SECONDS = 120


class Api:
    """The REST of one studio."""

    def __init__(self, http: httpx.AsyncClient):
        self.http = http

    async def ok(self, method: str, path: str, body: Any = None, **parameters: Any) -> Any:
        """The JSON of a reply that must be a success."""
        reply = await self.http.request(method, path, json=body, params=parameters)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    async def refused(self, method: str, path: str, status: int, body: Any = None) -> str:
        """The sentence of a reply that must be an error of this status."""
        # Encoded here: unlike httpx, json can say everything a hostile client could.
        reply = await self.http.request(
            method,
            path,
            content=b"" if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        assert reply.status_code == status, reply.text
        problem = reply.json()
        assert problem["code"]
        assert "Traceback" not in problem["detail"]
        return str(problem["detail"])

    async def session(self, **fields: Any) -> str:
        return str((await self.ok("POST", "/api/sessions", fields))["id"])

    async def generate(self, session: str, prompt: str = "a beach at sunset", **fields: Any) -> str:
        body = {"session_id": session, "prompt": prompt, "count": 4, **fields}
        return str((await self.ok("POST", "/api/generate/batch", body))["batch_id"])

    async def finished(self, batch: str) -> dict[str, Any]:
        """The batch once it is final."""
        for _ in range(TIMEOUT_SECONDS * 20):
            grid: dict[str, Any] = await self.ok("GET", f"/api/batches/{batch}")
            if grid["state"] in ("done", "failed", "cancelled"):
                return grid
            await asyncio.sleep(0.05)
        raise AssertionError(f"the batch is still {grid['state']}: {grid}")

    async def grid(self, session: str, prompt: str = "a beach at sunset", **fields: Any) -> Any:
        """A finished grid."""
        return await self.finished(await self.generate(session, prompt, **fields))

    async def iterate(self, session: str, grid: Any, *picks: int, **fields: Any) -> Any:
        """The finished grid after picking some images by index; advances unless told otherwise."""
        selected = [grid["images"][index]["id"] for index in picks]
        body = {"session_id": session, "batch_id": grid["id"], "selected": selected}
        body = {"action": "advance", **body, **fields}
        return await self.finished((await self.ok("POST", "/api/iterate", body))["batch_id"])


@asynccontextmanager
async def studio_over(
    servers: Sequence[ServerConfig],
    data_dir: Path,
    *,
    token: str | None = None,
    wait: bool = True,
    page: bool = False,
    **settings: Any,
) -> AsyncIterator[Api]:
    """A running studio; leaving the context stops it as a restart would.

    Its page, which Gradio needs a while to build, is left out unless asked for.
    """
    told = load_settings(data_dir=data_dir, servers=list(servers), **settings)
    app = build_app(told, token=token, page=page)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
    ):
        if wait:
            await app.state.studio.fleet.wait_ready(TIMEOUT_SECONDS)
        yield Api(http)
