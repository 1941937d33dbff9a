"""What images cost, as the servers showed: seconds, and GPU memory while they are drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import median

from .server import Server
from .shelves import Kind
from .speeds import Speeds

_SEEN = 9  # looks at the memory that count for each size; a server may hold other models, too

Size = tuple[str, int | None, int, int]
"""Family, bytes of the checkpoint's file, width, height."""


class Measured:
    """The middle of what was measured by ``servers``, a live mapping by name."""

    def __init__(self, servers: Mapping[str, Server], speeds: Speeds):
        self._servers = servers
        self._speeds = speeds
        self._used: dict[Size, deque[int]] = {}

    def seconds(
        self, family: str, checkpoint: str | None, width: int, height: int, steps: int
    ) -> float | None:
        """Seconds such an image takes on the middle one of the servers that were timed."""
        kind = Kind("", checkpoint or "", (), family, width, height, steps)
        online = (name for name, server in self._servers.items() if server.online)
        timed = [name for name in online if self._speeds.is_known(name)]
        return median(self._speeds.seconds(name, kind) for name in timed) if timed else None

    def vram(self, family: str, checkpoint_size: int | None, width: int, height: int) -> int | None:
        """Bytes in use while such an image was drawn."""
        used = self._used.get((family, checkpoint_size, width, height))
        return round(median(used)) if used else None

    def noted(self, size: Size, used: int) -> None:
        """So many bytes were in use while an image of this size was drawn."""
        self._used.setdefault(size, deque(maxlen=_SEEN)).append(used)
