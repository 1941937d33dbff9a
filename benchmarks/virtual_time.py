"""An event loop that waits for nobody: idle time is skipped, computing time counts.

Its clock shows what a machine with one core to itself would have taken, whatever else runs on this
one, and a minute of sleeping servers passes at once. For code whose only waits are timers: a thread
or a socket would find that hours have passed.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Skipping(selectors.DefaultSelector):
    """Never waits for longer than it has to, but counts what it was asked to wait."""

    skipped = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer runs: there is nothing to skip to
            return super().select(None)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.skipped += timeout
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """See the module; ``time()`` is this process's computing time and what was skipped."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Seconds."""
        return time.process_time() + self._skipping.skipped


def run_skipping(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on such a loop."""
    loop = SkippingLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
