"""The studio's store: one SQLite file, opened and used by one thread."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from vibes.errors import StorageError

from .bin import BinRecords
from .blocks import BlockRecords
from .database import FILE_NAME, advice, open_database
from .effects import EffectRecords
from .events import EventRecords
from .faults import FaultRecords
from .forgettings import ForgettingRecords
from .grids import GridRecords
from .hashes import HashRecords
from .jobs import JobRecords
from .pool_edits import PoolEditRecords
from .queue import QueueRecords
from .ran import RanRecords
from .scorings import ScoringRecords
from .sessions import ProfileRecords, SessionRecords

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Store:
    """The tables over one connection; every call belongs to the thread that opened it."""

    def __init__(self, db: Database):
        self._db = db
        self.sessions = SessionRecords(db)
        self.profiles = ProfileRecords(db)
        self.grids = GridRecords(db)
        self.jobs = JobRecords(db)
        self.queue = QueueRecords(db)
        self.faults = FaultRecords(db)
        self.events = EventRecords(db)
        self.forgettings = ForgettingRecords(db)
        self.effects = EffectRecords(db)
        self.blocks = BlockRecords(db)
        self.pool_edits = PoolEditRecords(db)
        self.hashes = HashRecords(db)
        self.ran = RanRecords(db)
        self.scorings = ScoringRecords(db)
        self.bin = BinRecords(db)

    def atomic(self) -> AbstractContextManager[Database]:
        """A transaction over several calls: all of them or none."""
        return self._db.atomic()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


class StoreThread:
    """The one thread that touches the database, so that the event loop never waits for a disk.

    ``directory`` is the data directory the database lies in.
    """

    def __init__(self, data_dir: Path):
        """Open the database; raises StorageError as ``open_database`` does."""
        self.directory = data_dir
        self._path = data_dir / FILE_NAME
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vibes-store")
        try:
            self._store = self._executor.submit(lambda: Store(open_database(data_dir))).result()
        except BaseException:
            self._executor.shutdown()
            raise

    async def run(self, work: Callable[[Store], T]) -> T:
        """Run ``work`` on the store's thread, after everything handed in before it.

        Raises StorageError when the database or its disk fails, and what ``work`` raises.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, work, self._store)
        except (sqlite3.Error, OSError) as error:
            sentence = f"{self._path} could not be read or written: {error}."
            raise StorageError(f"{sentence} {advice(error)}") from error

    def put(self, work: Callable[[Store], object]) -> None:
        """Hand in work nobody waits for; where it fails, the log says so."""
        self._executor.submit(work, self._store).add_done_callback(_report)

    def close(self) -> None:
        """Finish what was handed in, then close the database."""
        self._executor.submit(self._store.close).result()
        self._executor.shutdown()


def _report(done: Future[object]) -> None:
    if (error := done.exception()) is not None:
        logger.error("The database did not take a note: %s", error)
