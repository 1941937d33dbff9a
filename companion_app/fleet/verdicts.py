"""The last word on jobs no picture will come of, kept until the log has it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from vibes.errors import NotFound

logger = logging.getLogger(__name__)

Record = Callable[[], Awaitable[None]]


class Verdicts:
    """What is still to be told to the log, one call per job."""

    def __init__(self) -> None:
        self._open: dict[str, Record] = {}  # by job id
        self._writing = asyncio.Lock()

    def add(self, job_id: str, record: Record) -> None:
        """Have ``record`` called at the next ``write``, and again until it succeeds."""
        self._open[job_id] = record

    def drop(self, job_id: str) -> None:
        """Forget what was to be told: the job is made after all."""
        self._open.pop(job_id, None)

    async def write(self) -> bool:
        """Tell the log all that is open; False if something could not be told and is kept."""
        async with self._writing:
            verdicts = list(self._open.items())
            results = await asyncio.gather(
                *(record() for _, record in verdicts), return_exceptions=True
            )
            for (job_id, record), error in zip(verdicts, results, strict=True):
                if error is not None and not isinstance(error, NotFound):
                    logger.error("Image %s: its end could not be recorded: %s", job_id, error)
                elif self._open.get(job_id) is record:  # told, or its session is deleted
                    self.drop(job_id)
            return not self._open
