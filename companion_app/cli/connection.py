"""How a command reaches the studio: the one that is running, else one of its own in-process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from vibes.errors import InvalidInput, NotFound, VibesError
from vibes.settings import Settings

FIRST_LOOK_SECONDS = 10.0
"""How long a studio of our own may take to try every server once."""


class StudioRefused(VibesError):
    """The studio answered a request with an error; ``status`` is the HTTP status."""

    code = "studio_refused"

    def __init__(self, message: str, *, status: int):
        super().__init__(message)
        self.status = status


class StudioGone(VibesError):
    """The running studio stopped answering."""

    code = "studio_gone"


def exit_code(error: VibesError) -> int:
    """2 when the caller has to ask differently, 1 when it failed."""
    if isinstance(error, StudioRefused):
        return 2 if error.status in {400, 404, 413, 422} else 1
    return 2 if isinstance(error, (InvalidInput, NotFound)) else 1


class StudioClient:
    """The studio's REST; every refusal is raised as a sentence."""

    def __init__(self, http: httpx.AsyncClient):
        self._http = http

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON behind ``path``."""
        return (await self._ask("GET", path, params=parameters)).json()

    async def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer to ``body``."""
        return (await self._ask("POST", path, json=body)).json()

    async def delete(self, path: str) -> None:
        """Delete what is at ``path``."""
        await self._ask("DELETE", path)

    async def download(self, path: str) -> bytes:
        """The bytes behind ``path``."""
        return (await self._ask("GET", path)).content

    async def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise StudioGone(
                f"The studio at {self._http.base_url} stopped answering: {error}."
            ) from error
        if answer.is_error:
            raise StudioRefused(_refusal(answer), status=answer.status_code)
        return answer


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[StudioClient]:
    """Talk to the studio that owns the data directory, or own it for as long as this lasts."""
    address = await _running_studio(settings.data_dir)
    if address is None:
        async with _own_studio(settings) as client:
            yield client
        return
    url, token = address
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
        yield StudioClient(http)


async def _running_studio(data_dir: Path) -> tuple[str, str | None] | None:
    """Address and token of the studio announced in ``data_dir``, if it still answers."""
    try:
        announced = json.loads((data_dir / "studio.json").read_text(encoding="utf-8"))
        url, token = str(announced["url"]), announced.get("token")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none was announced, or the file was left half-written by a crash
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            health = await http.get(f"{url.rstrip('/')}/health")
    except httpx.TransportError:
        return None
    return (url, token) if health.is_success else None


@asynccontextmanager
async def _own_studio(settings: Settings) -> AsyncIterator[StudioClient]:
    # Here and not above: asking a running studio takes a client only.
    from companion_app.app import build_app

    app = build_app(settings.model_copy(update={"host": "127.0.0.1"}), page=False)
    transport = httpx.ASGITransport(app=app)
    url = f"http://127.0.0.1:{settings.port}"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=url) as http,
    ):
        await app.state.studio.fleet.wait_ready(FIRST_LOOK_SECONDS)
        yield StudioClient(http)


def _refusal(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = None
    return str(detail or f"The studio answered {answer.status_code} {answer.reason_phrase}.")
