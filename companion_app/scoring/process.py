"""The process that scores pictures: started when needed, ended with the studio at the latest."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from vibes.errors import ScoringUnavailable, VibesError
from vibes.workers import start_process, uninterrupted

from .desk import Answer, Equipment, ScoringDesk, Task

log = logging.getLogger(__name__)

NAME = "vibes-scoring"
NICENESS = 10  # of 19: everything else goes first


class ProcessEnded(Exception):
    """The process ended while it was asked something."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model a process holds; ``key`` is that of its vectors, ``device`` what computes them."""

    key: str
    device: str


class ScoringProcess:
    """One process that scores pictures; it is started when it is needed, and never twice at once.

    Not to be asked a second thing before it has answered the first.
    """

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self.loaded: Loaded | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a process, whatever it does."""
        return self._process is not None

    async def load(self, equipment: Equipment) -> Loaded:
        """Have a process with this equipment, if there is none yet.

        Raises ScoringUnavailable where it cannot be loaded, ProcessEnded when the process ends.
        """
        if self.loaded is None:
            self._start(equipment)
            answer = await self._answer()
            if not isinstance(answer, Loaded):
                await self.close()
                raise ScoringUnavailable(str(answer))
            self.loaded = answer
        return self.loaded

    async def score(self, tasks: Sequence[Task]) -> list[Answer]:
        """An answer for each task, in order; raises ProcessEnded when the process ends."""
        assert self._connection is not None
        try:
            self._connection.send(list(tasks))
        except OSError as error:  # it ended in between
            await self.close()
            raise ProcessEnded from error
        answers: list[Answer] = await self._answer()
        return answers

    async def close(self) -> None:
        """End the process, whatever it does."""
        process, connection = self._process, self._connection
        self._process = self._connection = self.loaded = None
        if process is not None and connection is not None:
            process.kill()
            await asyncio.to_thread(process.join)
            connection.close()

    def _start(self, equipment: Equipment) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, equipment), name=NAME, daemon=True
        )
        with uninterrupted():
            self._process.start()
        theirs.close()

    async def _answer(self) -> Any:
        """What the process sends next; raises ProcessEnded when nothing comes any more."""
        process, connection = self._process, self._connection
        assert process is not None
        assert connection is not None
        try:
            return await asyncio.to_thread(_received, connection, process.sentinel)
        except (EOFError, OSError) as error:
            log.warning("The process that scores pictures ended; another one is started")
            await self.close()
            raise ProcessEnded from error


def _received(connection: Connection, sentinel: int) -> Any:
    """Blocks until something was sent; raises EOFError, OSError when the process is gone."""
    if connection not in wait([connection, sentinel]):
        raise EOFError
    return connection.recv()


def _serve(connection: Connection, equipment: Equipment) -> None:
    """The process: load the models, say so, then answer one list of tasks after another."""
    start_process()
    os.environ["HF_HUB_OFFLINE"] = "1"  # whatever is missing is not looked for elsewhere
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        desk = ScoringDesk(equipment)
    except VibesError as error:
        connection.send(str(error))
        return
    connection.send(Loaded(desk.clip.key, desk.clip.device))
    with suppress(EOFError):  # nobody asks any more
        while True:
            connection.send(desk.score(connection.recv()))
