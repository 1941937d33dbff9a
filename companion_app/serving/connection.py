"""One connection to the studio, held by nobody who does not ask for something."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 15
"""How long a request line and its headers may take, and a body nobody reads any more."""
MAX_CONNECTIONS = 400
"""At once; each costs a file descriptor, of which a process often has a thousand."""


class Connection(H11Protocol):
    """HTTP/1.1 that hangs up on a peer who keeps it waiting, and when there are too many.

    Uvicorn itself waits for ever for the rest of a request, and for the end of a body it has
    refused; both happen before anybody is asked for the token.
    """

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        # An answer is two writes; without this the second waits 40 ms for the peer's receipt of
        # the first. asyncio sees to it only where a socket was opened as TCP by number.
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """Go on waiting, or stop when a request has come."""
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._relax()

    def _expect(self) -> None:
        if self._is_answering():
            self._relax()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._is_answering():
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete
