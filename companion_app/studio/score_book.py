"""The score book's thread: opened when first needed, so that a studio without scores has none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from vibes.storage.scorebook import SCOREBOOK, ScoreBook

T = TypeVar("T")


class BookThread:
    """The one thread of the studio that reads and writes ``scoring.db`` in a data directory."""

    def __init__(self, data_dir: Path):
        self._data_dir = data_dir
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vibes-scores")
        self._book: ScoreBook | None = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return (self._data_dir / SCOREBOOK).exists()

    async def run(self, work: Callable[[ScoreBook], T]) -> T:
        """Run ``work`` on the book's thread; raises StorageError where the file fails."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._do, work)

    def close(self) -> None:
        """Finish what was handed in, then close the file."""
        if self._book is not None:
            self._executor.submit(self._book.close).result()
        self._executor.shutdown()

    def _do(self, work: Callable[[ScoreBook], T]) -> T:
        if self._book is None:
            self._book = ScoreBook(self._data_dir)
        return work(self._book)
