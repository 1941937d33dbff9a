"""The job log, patient: what the storage does not take is told again until it does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from vibes.errors import StorageError

from .backoff import Backoff

logger = logging.getLogger(__name__)


class Logbook:
    """Writes to the job log. While it has to wait, no server should take anything new.

    ``on_trouble`` is called with the storage's sentence when waiting begins, with "" when it ends.
    """

    def __init__(self, new_backoff: Callable[[], Backoff], on_trouble: Callable[[str], None]):
        self._new_backoff = new_backoff
        self._on_trouble = on_trouble
        self._waiting = 0
        self.trouble = ""  # why it waits: a sentence

    async def write(
        self, act: Callable[[], Awaitable[None]], *, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Call ``act`` until the storage takes it; False if ``unless`` became true before that."""
        try:
            await act()
        except StorageError as error:
            return await self._persist(act, unless, str(error))
        return True

    async def _persist(
        self, act: Callable[[], Awaitable[None]], unless: Callable[[], bool], why: str
    ) -> bool:
        backoff = self._new_backoff()
        self._waiting += 1
        try:
            while not unless():
                self._troubled(why)
                await backoff.wait()
                if unless():
                    break
                try:
                    await act()
                except StorageError as error:
                    why = str(error)
                else:
                    return True
            return False
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._troubled("")

    def _troubled(self, why: str) -> None:
        if bool(why) != bool(self.trouble):
            self._on_trouble(why)
            if why:
                logger.error("The fleet waits for the storage: %s", why)
        self.trouble = why
