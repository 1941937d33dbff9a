"""When a server that keeps failing is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable

from .backoff import Backoff

#: Failed renders in a row, of whatever images, until a server is taken for the cause.
THRESHOLD = 3
FIRST_REST = 15.0  # seconds
LONGEST_REST = 600.0  # seconds


class Breaker:
    """Opens after failures in a row, for a time that doubles; the first success closes it.

    After a rest one image is tried at a time (half-open) until one succeeds. ``clock`` in seconds.
    """

    def __init__(self, backoff: Backoff, clock: Callable[[], float]):
        self._backoff = backoff
        self._clock = clock
        self._failures = 0
        self._until = float("-inf")

    def succeeded(self) -> None:
        """A render went well: all is forgotten."""
        self._failures = 0
        self._until = float("-inf")
        self._backoff.reset()

    def failed(self) -> bool:
        """A render went wrong; whether the server rests from now on."""
        self._failures += 1
        if self._failures < THRESHOLD or self.resting:
            return False
        self._until = self._clock() + self._backoff.next()
        return True

    def trip(self) -> None:
        """Rest now, whatever came before."""
        self._failures = max(self._failures, THRESHOLD - 1)
        self.failed()

    @property
    def resting(self) -> bool:
        """Whether it should be given nothing that another server can make."""
        return self._clock() < self._until

    @property
    def on_trial(self) -> bool:
        """Whether it has rested and not shown yet that it works again."""
        return self._failures >= THRESHOLD and not self.resting

    @property
    def seconds_left(self) -> float | None:
        """Of the rest; None when it does not rest."""
        return self._until - self._clock() if self.resting else None
