"""The headers by which every answer tells the browser what it must not do with it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

PAGE_POLICY = "; ".join(
    [
        # Gradio writes scripts and styles into its page, and compiles some while it runs.
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
"""For documents: nothing is loaded from, told to or framed by another site."""

DATA_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"  # a viewer's
)
"""For everything else: opened as a document, a picture or a reply runs nothing."""

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def armoured(send: Send) -> Send:
    """``send`` with these headers put on every answer."""

    async def put_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(policies(headers.get("content-type", "")))
            if message["status"] == 304:  # what it renews keeps the policy it came with
                del headers["Content-Security-Policy"]
        await send(message)

    return put_on


def policies(content_type: str) -> dict[str, str]:
    """The headers for an answer of this type."""
    policy = PAGE_POLICY if content_type.startswith("text/html") else DATA_POLICY
    return {**ALWAYS, "Content-Security-Policy": policy}
