"""Thumbnails, made in processes of their own.

This module imports next to nothing of ours, so that such a process is up in a moment and stays
small.
"""

from __future__ import annotations

import asyncio
import io
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from PIL import Image

from companion_app.decoding import decoded

logger = logging.getLogger(__name__)

PIXELS = 384
QUALITY = 82
MAX_WORKERS = 4


class Thumbnailer:
    """Shrinks pictures without keeping the event loop from anything else."""

    def __init__(self) -> None:
        self._pool = _new_pool()

    async def make(self, picture: bytes) -> bytes:
        """A WebP of at most 384 × 384 px; raises Undecodable over what is no picture.

        A pool whose process was killed is replaced, and the picture tried once more; raises
        BrokenProcessPool when that one does not last either.
        """
        pool = self._pool
        try:
            return await self._hand_in(picture)
        except BrokenProcessPool:
            self._replace(pool)
            return await self._hand_in(picture)

    def _hand_in(self, picture: bytes) -> asyncio.Future[bytes]:
        with _uninterrupted():  # a process may be started for it
            return asyncio.get_running_loop().run_in_executor(self._pool, thumbnail, picture)

    def close(self) -> None:
        """End the processes."""
        _release(self._pool)
        self._pool.shutdown(cancel_futures=True)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:  # else another picture has seen to it already
            logger.warning("A process that makes thumbnails was killed; new ones are started")
            self._pool = _new_pool()
            _release(broken)
            broken.shutdown(wait=False)


def thumbnail(picture: bytes) -> bytes:
    """Shrink a picture to fit 384 × 384 px, as WebP; raises Undecodable."""
    small = decoded(picture)
    small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()


def _new_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=min(MAX_WORKERS, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_process,
    )


def _release(pool: ProcessPoolExecutor) -> None:
    """Let the threads of a pool whose processes were killed end.

    One may be writing a picture into a pipe that nobody reads any more, and no studio ends before
    its threads. Python closes that pipe itself from 3.11.5 on.
    """
    if sys.version_info < (3, 11, 5) and pool._broken:
        pool._call_queue._reader.close()  # type: ignore[attr-defined]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl+C back: a process that is started meanwhile never gets it, not even at first."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the studio, which ends us
    _die_with_parent()


def _die_with_parent() -> None:
    """A pool process would wait for work for ever if the studio is killed outright."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
