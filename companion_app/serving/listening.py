"""The socket a studio listens on, and the address it is reached at."""

from __future__ import annotations

import errno
import socket

from vibes.errors import Conflict, InvalidInput
from vibes.settings import Settings


def listen(settings: Settings) -> socket.socket:
    """A socket bound to the address of ``settings``.

    Raises Conflict for a port in use, InvalidInput for an address that is none of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        kind = Conflict if error.errno == errno.EADDRINUSE else InvalidInput
        raise kind(
            f"The studio cannot listen on {settings.host}:{settings.port}: "
            f"{(error.strerror or str(error)).partition(' (')[0]}. Choose another --host or --port."
        ) from error


def address_of(listener: socket.socket, host: str) -> str:
    """The URL at which this machine reaches ``listener``, which listens on ``host``."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"
