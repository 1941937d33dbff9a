"""One studio over HTTP, as the nodes need it: events and workflows go there, snapshots come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiohttp

from vibes.errors import Conflict, FaultyWorkflow, InvalidInput, VibesError
from vibes.settings import StudioAccess

from .studio_troubles import trouble

_ANSWER = aiohttp.ClientTimeout(total=60, sock_connect=5, sock_read=30)  # seconds
_LONGEST = 64 * 2**20  # bytes of an answer
_SENTENCE = 400  # characters of a studio's own words
_TOO_LONG = 413
_FAULTY = frozenset({400, _TOO_LONG, 422})
_KEPT_OUT = frozenset({401, 403})


class StudioAway(VibesError):
    """No usable answer came: it is to be tried again later."""

    code = "studio_away"


class StudioRefuses(VibesError):
    """The studio does not talk to us: its token is missing or another one."""

    code = "studio_refuses"


class EventsRefused(VibesError):
    """The studio will never take these events as they are."""


class Fetched(NamedTuple):
    """A snapshot as it came; ``body`` is None where it is the one we have."""

    etag: str
    body: bytes | None


class StudioClient:
    """Asks one studio; raises StudioAway and StudioRefuses, and what the methods add."""

    def __init__(self, access: StudioAccess, session: aiohttp.ClientSession):
        self._access = access
        self._session = session

    async def send(self, events: Sequence[bytes]) -> None:
        """Hand over events as JSON; it has them all once this returns. Raises EventsRefused."""
        body = b"[" + b",".join(events) + b"]"
        headers = {"Content-Type": "application/json"}
        reply = await self._ask("POST", "/api/preferences/events", data=body, headers=headers)
        if reply.status in _FAULTY and _is_final(reply):
            raise EventsRefused(_words(reply))
        if reply.status != 200 or not isinstance(_json(reply).get("added"), int):
            raise self._strange(reply)

    async def snapshot(self, profile: str, etag: str) -> Fetched | None:
        """The profile's snapshot, whole unless it has this tag; None where there is no profile."""
        headers = {"If-None-Match": etag} if etag else {}
        path = "/api/preferences/snapshot"
        reply = await self._ask("GET", path, params={"profile": profile}, headers=headers)
        if reply.status == 304:
            return Fetched(etag, None)
        if reply.status == 404 and _json(reply).get("code") == "not_found":
            return None
        if reply.status != 200 or not reply.etag:
            raise self._strange(reply)
        return Fetched(reply.etag, reply.body)

    async def add_workflow(self, name: str, file: bytes) -> None:
        """Have the studio take into use what a file, or a picture, holds.

        Raises InvalidInput for a name that is none, Conflict for one that is taken, FaultyWorkflow
        with everything that is wrong with the workflow.
        """
        headers = {"Content-Type": "application/octet-stream"}
        path = "/api/workflows/file"
        reply = await self._ask("POST", path, params={"name": name}, data=file, headers=headers)
        if reply.status == 409:
            raise Conflict(_words(reply))
        if reply.status in _FAULTY:
            raise _fault(reply)
        if reply.status != 201:
            raise self._strange(reply)

    async def _ask(
        self, method: str, path: str, *, headers: dict[str, str], **content: Any
    ) -> _Reply:
        try:
            async with self._session.request(
                method,
                self._access.base + path,
                headers={**headers, **self._access.headers},
                allow_redirects=False,
                timeout=_ANSWER,
                **content,
            ) as response:
                body = await self._read(response)
                reply = _Reply(response.status, response.headers.get("ETag", ""), body)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise StudioAway(trouble(self._access.base, error)) from error
        if reply.status in _KEPT_OUT:
            raise StudioRefuses(f"{self._access.base} refuses: {_words(reply)}")
        return reply

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > _LONGEST:
                raise StudioAway(f"{self._access.base} answers with more than a studio would.")
        return bytes(body)

    def _strange(self, reply: _Reply) -> StudioAway:
        return StudioAway(
            f"{self._access.base} answers, but not like a studio that is well (it says "
            f"{reply.status}): {_words(reply)}"
        )


class _Reply(NamedTuple):
    status: int
    etag: str
    body: bytes


def _json(reply: _Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fault(reply: _Reply) -> InvalidInput:
    problems = _json(reply).get("problems")
    if not isinstance(problems, list) or not problems:
        return InvalidInput(_words(reply))
    return FaultyWorkflow([_printable(str(problem)) for problem in problems])


def _is_final(reply: _Reply) -> bool:
    """Whether a studio says so itself: a proxy before it knows only what is too long."""
    return reply.status == _TOO_LONG or "code" in _json(reply)


def _words(reply: _Reply) -> str:
    """The studio's own sentence."""
    detail = _json(reply).get("detail")
    return _printable(detail) if isinstance(detail, str) and detail else "it does not say why."


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:_SENTENCE]
