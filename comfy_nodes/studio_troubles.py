"""Why a studio could not be asked: one sentence that says what it may be, and what to do."""

from __future__ import annotations

import asyncio

import aiohttp


def trouble(base: str, error: Exception) -> str:
    """What ``error`` means for whoever set ``base``, the studio's address, and knows no sockets."""
    if isinstance(error, asyncio.TimeoutError):
        return f"The studio at {base} gives no answer in time: is it busy, or the network slow?"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"No machine of the name '{error.host}' is found: is the address {base} right?"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return (
            f"The certificate of the studio at {base} is not trusted here ({_why(error)}): give it "
            "one whose issuer ComfyUI's machine knows, and for that name."
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return f"What answers at {base} speaks no https: should the address begin with http://?"
    if isinstance(error, aiohttp.ClientResponseError | ValueError):
        return f"What answers at {base} speaks no http: is it the address of the studio?"
    return f"The studio at {base} does not answer: is it running there?"


def _why(error: aiohttp.ClientConnectorCertificateError) -> str:
    """As the machine's TLS library says it, without its numbers."""
    cause = error.certificate_error
    return getattr(cause, "verify_message", "").rstrip(".") or type(cause).__name__
