"""HTTP as bytes: what no proper client would send."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from time import monotonic

from .conftest import Studio


@dataclass(frozen=True)
class Reply:
    """The first answer on a connection, and all there came."""

    status: int  # 0 when the connection ended without one
    text: str


def connect(studio: Studio) -> socket.socket:
    """A connection to the studio."""
    host, _, port = studio.netloc.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def ask(studio: Studio, *lines: str, body: bytes = b"", seconds: float = 5) -> Reply:
    """What the studio answers to these lines, joined and ended as HTTP wants them."""
    with connect(studio) as peer:
        peer.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
        return read(peer, seconds)


def read(peer: socket.socket, seconds: float = 5, *, head: bool = False) -> Reply:
    """Everything until the studio hangs up or ``seconds`` have passed; or the first head only."""
    peer.settimeout(0.2)
    end, received = monotonic() + seconds, b""
    while monotonic() < end:
        try:
            chunk = peer.recv(65536)
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
        if not chunk:
            break
        received += chunk
        if head and b"\r\n\r\n" in received:
            break
    text = received.decode("latin-1")
    return Reply(int(text.split()[1]) if text.startswith("HTTP/") else 0, text)
