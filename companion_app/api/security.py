"""Who may talk to the studio: Host and Origin checks, and the token on other addresses.

On a loopback address no token is needed, but a page of another site could still make the
browser send requests here: so the Host must be a loopback address (no DNS rebinding) and the
Origin of a write must be the studio itself. With a token every request needs it, as a bearer
or as the cookie that ``?token=`` is exchanged for.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import SplitResult, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem

READS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY = 2 * 2**20
"""Bytes; two hundred of the longest prompts fit."""
MAX_IMPORT = 64 * 2**20
"""Bytes; the history of years fits, a flood does not."""


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Gate:
    """ASGI middleware in front of REST, page and event streams alike."""

    def __init__(self, app: ASGIApp, *, token: str | None = None):
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with why not."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self._app(scope, _counted(receive, _limit(scope)), send)
        elif scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, request: HTTPConnection) -> Response | None:
        if self._token is None and not is_loopback(_authority(request).hostname or ""):
            return problem(
                403, "foreign_host", "This studio answers only as 127.0.0.1 or localhost."
            )
        if request.get("method") not in READS and not _same_origin(request):
            return problem(403, "foreign_origin", "This request comes from a page of another site.")
        stranger = self._stranger(request) if self._token else None
        return stranger or _misfit(request)

    def _stranger(self, request: HTTPConnection) -> Response | None:
        """The answer to a request that does not bring the token; None where it does."""
        given = _bearer(request) or request.cookies.get(_cookie_name(request))
        if request["path"] == "/health" or self._knows(given):
            return None
        if request.get("method") == "GET" and self._knows(request.query_params.get("token")):
            return self._welcome(request)
        return problem(
            401,
            "token_needed",
            "This studio needs its token: open the address it printed, which carries ?token=…, "
            "or send 'Authorization: Bearer …'.",
        )

    def _knows(self, given: str | None) -> bool:
        expected = (self._token or "").encode()
        return given is not None and hmac.compare_digest(given.encode(), expected)

    def _welcome(self, request: HTTPConnection) -> Response:
        """Swap the token in the address for a cookie, so that it leaves the address bar.

        SameSite is lax: a strict cookie would be held back after a link from another site.
        What lax lets through from there are page loads, whose content that site cannot see.
        """
        query = {name: value for name, value in request.query_params.items() if name != "token"}
        to = f"/{request['path'].lstrip('/')}" + (f"?{urlencode(query)}" if query else "")
        reply = RedirectResponse(to, status_code=303)
        name = _cookie_name(request)
        reply.set_cookie(name, self._token or "", httponly=True, samesite="lax")
        return reply


def _authority(request: HTTPConnection) -> SplitResult:
    """The Host taken apart; empty where it is no host and port."""
    try:
        parts = urlsplit(f"//{request.headers.get('host', '')}")
        _ = parts.port  # raises for what is no port
    except ValueError:
        return urlsplit("")
    return parts


def _same_origin(request: HTTPConnection) -> bool:
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


def _bearer(request: HTTPConnection) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _cookie_name(request: HTTPConnection) -> str:
    """One per port: cookies know hosts only, and two studios may share one."""
    port = _authority(request).port
    return f"vibes_token_{port}" if port else "vibes_token"


def _limit(scope: Scope) -> int:
    return MAX_IMPORT if scope["path"] == "/api/preferences/import" else MAX_BODY


def _misfit(request: HTTPConnection) -> Response | None:
    """The answer to a body whose announced length cannot be right or is too much."""
    limit = _limit(request.scope)
    announced = request.headers.get("content-length", "0")
    try:
        length = int(announced)
    except ValueError:
        length = -1
    if length < 0:
        return problem(400, "bad_request", f"'{announced[:40]}' is no Content-Length.")
    return problem(413, "too_large", _too_large(limit)) if length > limit else None


def _counted(receive: Receive, limit: int) -> Receive:
    """``receive`` up to ``limit`` bytes: a chunked body announces no length."""
    left = limit

    async def count() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, _too_large(limit))
        return message

    return count


def _too_large(limit: int) -> str:
    return f"The body of this request may hold at most {limit >> 20} MiB."
