"""How much a request may hold: announced lengths are judged, and what arrives is counted."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from .problems import problem

MAX_BODY = 2 * 2**20
"""Bytes; two hundred of the longest prompts fit."""
MAX_IMPORT = 64 * 2**20
"""Bytes; the history of years fits, a flood does not."""
IMPORTS = frozenset({"/api/preferences/import", "/api/preferences/prior"})
MAX_FILE = 32 * 2**20
"""Bytes; a picture that carries its workflow."""
FILES = frozenset({"/api/workflows/file"})


def misfit(request: HTTPConnection) -> Response | None:
    """The answer to a body whose announced length cannot be right or is too much."""
    limit = _limit(request.scope)
    announced = request.headers.get("content-length", "0")
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        # A proxy in front may go by the other one, and take the body's end for a next request.
        two = problem(400, "bad_request", "A body is either of some length or chunked, not both.")
        two.headers["Connection"] = "close"
        return two
    try:
        length = int(announced)
    except ValueError:
        length = -1
    if length < 0:
        return problem(400, "bad_request", f"'{announced[:40]}' is no Content-Length.")
    return problem(413, "too_large", _too_large(limit)) if length > limit else None


def counted(scope: Scope, receive: Receive) -> Receive:
    """``receive`` up to the limit: a chunked body announces no length."""
    limit = left = _limit(scope)

    async def count() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, _too_large(limit))
        return message

    return count


def _limit(scope: Scope) -> int:
    if scope["path"] in FILES:
        return MAX_FILE
    return MAX_IMPORT if scope["path"] in IMPORTS else MAX_BODY


def _too_large(limit: int) -> str:
    return f"The body of this request may hold at most {limit >> 20} MiB."
