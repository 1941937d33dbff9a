"""How long to wait before asking a server again."""

from __future__ import annotations

import asyncio

import numpy as np


class Backoff:
    """Doubles the wait from ``first`` to ``longest`` seconds, each shortened by a random share.

    The jitter keeps a fleet that lost its network from coming back in one burst.
    """

    def __init__(self, rng: np.random.Generator, *, first: float = 1.0, longest: float = 30.0):
        self._rng = rng
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        """Start over: the server answered."""
        self._next = self._first

    def next(self) -> float:
        """Seconds to wait now; the wait after that is twice as long."""
        wait = self._next * float(self._rng.uniform(0.5, 1.0))
        self._next = min(2 * self._next, self._longest)
        return wait

    async def wait(self) -> None:
        """Sleep for ``next()``."""
        await asyncio.sleep(self.next())
