"""Processes of their own for work on pictures, which end with the program that started them.

It imports nothing of ours, so that such a process is up in a moment and stays small.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress


def new_pool(workers: int, *, niceness: int = 0) -> ProcessPoolExecutor:
    """Processes that leave Ctrl+C to the program that started them, and never outlive it.

    They yield to others by ``niceness``, of 19, where the system knows it.
    """
    return ProcessPoolExecutor(
        max_workers=workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_process,
        initargs=(niceness,),
    )


def release(pool: ProcessPoolExecutor) -> None:
    """Let the threads of a pool whose processes were killed end.

    One may be writing a picture into a pipe that nobody reads any more, and no program ends before
    its threads. Python closes that pipe itself from 3.11.5 on.
    """
    if sys.version_info < (3, 11, 5) and pool._broken:
        with suppress(OSError):  # the thread that writes may close it at the same moment
            pool._call_queue._reader.close()  # type: ignore[attr-defined]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl+C back: a process that is started meanwhile never gets it, not even at first."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_process(niceness: int = 0) -> None:
    """What such a process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for our parent, which ends us
    if niceness and hasattr(os, "nice"):
        os.nice(niceness)
    _die_with_parent()


def _die_with_parent() -> None:
    """A pool process would wait for work for ever if its parent is killed outright."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
