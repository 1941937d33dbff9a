"""Who may talk to the studio: Host and Origin checks, and the token on other addresses.

On a loopback address no token is needed, but a page of another site could still make the
browser send requests here: so the Host must be a loopback address (no DNS rebinding), and what
the browser says another site asked for is refused, but for a link that leads here. With a token
every request needs it too, as a bearer or as the cookie that ``?token=`` is exchanged for.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlencode

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .armour import armoured
from .bodies import counted, misfit
from .problems import problem

READS = frozenset({"GET", "HEAD", "OPTIONS"})
AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?", re.I)
"""A Host that is a name or an address, and maybe a port; no user, no path."""


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
            await self._app(scope, counted(scope, receive), armoured(send))
        elif scope["type"] == "http":
            await refusal(scope, receive, armoured(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, request: HTTPConnection) -> Response | None:
        if self._token is None and not is_loopback(_host(request)):
            return problem(
                403, "foreign_host", "This studio answers only as 127.0.0.1 or localhost."
            )
        if _is_foreign(request):
            return problem(403, "foreign_origin", "This request comes from a page of another site.")
        stranger = self._stranger(request) if self._token else None
        return stranger or _closed(request) or misfit(request)

    def _stranger(self, request: HTTPConnection) -> Response | None:
        """The answer to a request that does not bring the token; None where it does."""
        if self._knows(_bearer(request)):
            return None
        reads = request.get("method") == "GET"
        if reads and self._knows(_only(request.query_params.getlist("token"))):
            return self._welcome(request)
        if any(map(self._knows, _cookies(request))) or (reads and request["path"] == "/health"):
            return None
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
        query = [pair for pair in request.query_params.multi_items() if pair[0] != "token"]
        to = f"/{request['path'].lstrip('/')}" + (f"?{urlencode(query)}" if query else "")
        reply = RedirectResponse(to, status_code=303, headers={"Cache-Control": "no-store"})
        reply.set_cookie(
            _cookie_name(request),
            self._token or "",
            httponly=True,
            samesite="lax",
            secure=request["scheme"] == "https",
        )
        return reply


def _closed(request: HTTPConnection) -> Response | None:
    """The answer to what Gradio would do beside showing the page; our page asks for none of it.

    That is: take uploads, hand out files, fetch from other machines, run functions.
    """
    path = request["path"]
    if path.startswith("/gradio_api"):
        return problem(404, "not_found", f"There is no {path} here. /docs lists what there is.")
    if request.get("method") not in READS and not path.startswith("/api/"):
        return problem(405, "method_not_allowed", "Only what is below /api can be written to.")
    return None


def _authority(request: HTTPConnection) -> re.Match[str] | None:
    """The Host taken apart; None where it is no host and port."""
    return AUTHORITY.fullmatch(_only(request.headers.getlist("host")) or "")


def _host(request: HTTPConnection) -> str:
    found = _authority(request)
    return found["host"].strip("[]").lower() if found else ""


def _is_foreign(request: HTTPConnection) -> bool:
    """Whether the browser says that another site is behind this request.

    Browsers say so themselves: Origin comes with every write, Sec-Fetch-Site with everything.
    """
    if not all(_is_own(request, origin) for origin in request.headers.getlist("origin")):
        return True
    reads = request.get("method") in READS
    if reads and request.headers.get("sec-fetch-dest") == "document":  # a link, or the address bar
        return False
    sites = request.headers.getlist("sec-fetch-site")
    return any(site not in ("same-origin", "none") for site in sites)


def _is_own(request: HTTPConnection, origin: str) -> bool:
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and (
        authority.lower() == request.headers.get("host", "").lower() != ""
    )


def _bearer(request: HTTPConnection) -> str | None:
    header = _only(request.headers.getlist("authorization")) or ""
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _cookies(request: HTTPConnection) -> Iterator[str]:
    """Every cookie of ours: a neighbour on this host may have set another of the same name."""
    wanted = _cookie_name(request)
    for header in request.headers.getlist("cookie"):
        for part in header.split(";"):
            name, _, value = part.partition("=")
            if name.strip() == wanted:
                yield value.strip().strip('"')


def _cookie_name(request: HTTPConnection) -> str:
    """One per port: cookies know hosts only, and two studios may share one."""
    found = _authority(request)
    port = found["port"] if found else None
    return f"vibes_token_{port}" if port else "vibes_token"


def _only(values: list[str]) -> str | None:
    """The one value; None where there is none or it is ambiguous."""
    return values[0] if len(values) == 1 else None
