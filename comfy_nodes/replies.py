"""What the routes answer: JSON, and for what goes wrong one sentence; bodies are bounded."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from vibes.errors import (
    Conflict,
    FaultyWorkflow,
    InvalidInput,
    NotFound,
    StorageError,
    VibesError,
)

from .studio_client import StudioAway, StudioRefuses

MOST_BYTES = 64 * 1024
"""Bytes of a request's body, where nothing else is said."""

Handler = Callable[[web.Request], Awaitable[web.Response]]

logger = logging.getLogger(__name__)


class TooLong(InvalidInput):
    """A body holds more than any request needs."""

    code = "too_large"


_STATUS: Mapping[type[VibesError], int] = {
    TooLong: 413,
    InvalidInput: 400,
    NotFound: 404,
    Conflict: 409,
    StorageError: 503,
    StudioAway: 502,
    StudioRefuses: 502,
}


def answering(handler: Handler) -> Handler:
    """The handler, its deliberate errors told as ``{"code", "detail": sentence}``.

    What is wrong with a workflow is told as ``problems``, too, a sentence for each.
    """

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except VibesError as error:
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
            if status >= 500:
                logger.error("%s %s failed: %s", request.method, request.path, error)
            return web.json_response(_told(error), status=status)

    return answer


def _told(error: VibesError) -> dict[str, Any]:
    problems = {"problems": error.problems} if isinstance(error, FaultyWorkflow) else {}
    return {"code": error.code, "detail": str(error), **problems}


async def read_object(
    request: web.Request, allowed: frozenset[str], *, most: int = MOST_BYTES
) -> dict[str, Any]:
    """The JSON object in a body of at most so many bytes, with no other keys than those.

    Raises InvalidInput.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            raise TooLong(f"The body of this request may hold at most {most >> 10} KiB.")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InvalidInput("The body must be an object.")
    if unknown := sorted(found.keys() - allowed):
        raise InvalidInput(f"'{unknown[0]}' is none of {', '.join(sorted(allowed))}.")
    return found
