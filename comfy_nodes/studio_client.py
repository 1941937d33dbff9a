"""One studio over HTTP, as the nodes need it: events go there, snapshots come from there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiohttp

from vibes.errors import VibesError
from vibes.settings import StudioAccess

from .studio_troubles import trouble

_ANSWER = aiohttp.ClientTimeout(total=60, sock_connect=5, sock_read=30)  # seconds
_LONGEST = 64 * 2**20  # bytes of an answer
_SENTENCE = 400  # characters of a studio's own words
_FAULTY = frozenset({400, 413, 422})
_KEPT_OUT = frozenset({401, 403})


class StudioAway(VibesError):
    """No usable answer came: it is to be tried again later."""


class StudioRefuses(VibesError):
    """The studio does not talk to us: its token is missing or another one."""


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
        if reply.status in _FAULTY:
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


def _words(reply: _Reply) -> str:
    """The studio's own sentence, in printable characters of bounded number."""
    detail = _json(reply).get("detail")
    text = detail if isinstance(detail, str) and detail else "it does not say why."
    return "".join(filter(str.isprintable, text))[:_SENTENCE]
