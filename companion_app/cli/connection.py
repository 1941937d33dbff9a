"""How a command reaches the studio: the one that is running, else one of its own in-process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout

from vibes.errors import InvalidInput, NotFound, VibesError
from vibes.settings import Settings

FIRST_LOOK_SECONDS = 10.0
"""How long a studio of our own may take to try every server once."""


class StudioRefused(VibesError):
    """The studio answered a request with an error; ``status`` is the HTTP status.

    Where it named several problems, the message has a line for each.
    """

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
    """The studio's REST; every refusal is raised as a sentence.

    ``lasts`` where the studio goes on when the command has ended.
    """

    def __init__(self, http: httpx.AsyncClient, *, lasts: bool = True):
        self._http = http
        self.lasts = lasts

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON behind ``path``."""
        return (await self._ask("GET", path, params=parameters)).json()

    async def post(self, path: str, body: Any = None, *, patient: bool = False) -> Any:
        """The JSON answer to ``body``; ``patient`` waits as long as it takes."""
        waits = {"timeout": None} if patient else {}
        return (await self._ask("POST", path, json=body, **waits)).json()

    async def put(self, path: str, body: Any) -> Any:
        """The JSON answer to ``body``, which replaces what is at ``path``."""
        return (await self._ask("PUT", path, json=body)).json()

    async def upload(self, path: str, document: bytes) -> Any:
        """The JSON answer to a document that is sent as it is, for the studio to judge.

        Waits as long as it takes: a document may tell of years.
        """
        headers = {"Content-Type": "application/json"}
        sent = {"content": document, "headers": headers, "timeout": None}
        return (await self._ask("POST", path, **sent)).json()

    async def send_file(self, path: str, data: bytes, **parameters: Any) -> Any:
        """The JSON answer to a file that is sent as it is."""
        headers = {"Content-Type": "application/octet-stream"}
        sent = {"content": data, "headers": headers, "params": parameters}
        return (await self._ask("POST", path, **sent)).json()

    async def delete(self, path: str, *, patient: bool = False) -> None:
        """Delete what is at ``path``; ``patient`` waits as long as it takes."""
        await self._ask("DELETE", path, **({"timeout": None} if patient else {}))

    async def download(self, path: str, **parameters: Any) -> bytes:
        """The bytes behind ``path``."""
        return (await self._ask("GET", path, params=parameters)).content

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
    # Not the environment's proxies: the studio is on this machine, and a proxy would get its token.
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=60, trust_env=False
    ) as http:
        yield StudioClient(http)


async def _running_studio(data_dir: Path) -> tuple[str, str | None] | None:
    """Address and token of the studio that owns ``data_dir``, if it answers.

    What a killed studio left announced is not believed: another may listen there by now.
    """
    if not _is_owned(data_dir):
        return None
    try:
        announced = json.loads((data_dir / "studio.json").read_text(encoding="utf-8"))
        url, token = str(announced["url"]), announced.get("token")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none was announced, or the file was left half-written by a crash
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            health = await http.get(f"{url.rstrip('/')}/health")
    except httpx.TransportError:
        return None
    return (url, token) if health.is_success else None


def _is_owned(data_dir: Path) -> bool:
    """Whether a process holds the directory's lock, which ends with the process."""
    path = data_dir / "lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # a studio of our own will say what is wrong with the directory


@asynccontextmanager
async def _own_studio(settings: Settings) -> AsyncIterator[StudioClient]:
    # Here and not above: asking a running studio takes a client only.
    from companion_app.app import build_app

    app = build_app(settings.model_copy(update={"host": "127.0.0.1"}), page=False)
    transport = httpx.ASGITransport(app=app)
    url = f"http://127.0.0.1:{settings.port}"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=url, trust_env=False) as http,
    ):
        await app.state.studio.fleet.wait_ready(FIRST_LOOK_SECONDS)
        yield StudioClient(http, lasts=False)


def _refusal(answer: httpx.Response) -> str:
    try:
        told = answer.json()
        detail = "\n".join(told.get("problems", ())) or told["detail"]
    except (ValueError, KeyError, TypeError, AttributeError):
        detail = None
    return str(detail or f"The studio answered {answer.status_code} {answer.reason_phrase}.")
