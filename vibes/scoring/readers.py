"""Reading many pictures in processes of their own, in order and never far ahead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vibes.decoding import MAX_BYTES
from vibes.prompts.encoders import Vectors
from vibes.workers import new_pool, release, uninterrupted

from .metadata import embedded_prompt
from .pictures import Fit, Pixels, Undecodable, read_picture
from .records import FileRecord, name_of

AHEAD = 2
"""Batches that are read while one is looked at; more would fill the memory, not save time."""
NICENESS = 10
"""How much readers yield: the threads of a model wait for the one that is held up."""
_PART = 8  # files a process is handed at once
_KILLER = "looking at it ended the process that did"


class ReadFile(NamedTuple):
    """A file that was read: its pixels, or the model's vector of them where that was made there."""

    path: Path
    record: FileRecord
    pixels: Pixels | None = None
    vector: Vectors | None = None


def read_files(paths: Sequence[Path], fit: Fit) -> list[ReadFile]:
    """Each of these, in their order."""
    return [read_file(path, fit) for path in paths]


def read_file(path: Path, fit: Fit) -> ReadFile:
    """A picture and what its file tells; of what is no picture, why not.

    A file that cannot be opened has a size of -1, as none has: it is tried again next time.
    """
    try:
        with path.open("rb") as file:
            known, data = os.fstat(file.fileno()), file.read(MAX_BYTES + 1)
    except OSError as error:
        return _failed(path, f"it cannot be read: {error.strerror or error}")
    record = FileRecord(path=name_of(path), size=known.st_size, modified=known.st_mtime_ns)
    try:
        picture = read_picture(data, fit)
    except Undecodable as error:
        return ReadFile(path, replace(record, error=str(error)))
    told = embedded_prompt(data)
    seen = replace(
        record,
        pixel_hash=picture.pixel_hash,
        phash=picture.phash,
        width=picture.width,
        height=picture.height,
        prompt=told.text,
        unprompted=told.reason,
    )
    return ReadFile(path, seen, picture.pixels)


def encoded(batch: Sequence[ReadFile], encode: Callable[[Pixels], Vectors]) -> list[ReadFile]:
    """The files with a model's vectors instead of their pixels; equal pictures are shown it once.

    ``encode`` makes rows (n, d) of pictures (n, side, side, 3).
    """
    pixels = {one.record.pixel_hash: one.pixels for one in batch if one.pixels is not None}
    rows = encode(np.stack(list(pixels.values()))) if pixels else ()
    found = dict(zip(pixels, rows, strict=True))
    return [
        one._replace(pixels=None, vector=found.get(one.record.pixel_hash, one.vector))
        for one in batch
    ]


class Readers:
    """Processes that read pictures fitted to a model; to be used in a with-statement."""

    def __init__(self, fit: Fit, *, workers: int | None = None):
        self._fit = fit
        self._workers = workers or os.cpu_count() or 1
        self._pool = self._new_pool()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, when they have read what they are reading."""
        _end(self._pool)

    def read(self, batches: Iterable[Sequence[Path]]) -> Iterator[list[ReadFile]]:
        """The files of each batch, in order; a few batches are read ahead.

        A file over which its process dies is not read, the others are.
        """
        ahead: deque[list[_Waiting]] = deque()
        for batch in batches:
            ahead.append([self._hand_in(batch[i : i + _PART]) for i in range(0, len(batch), _PART)])
            if len(ahead) > AHEAD:
                yield self._collected(ahead.popleft())
        while ahead:
            yield self._collected(ahead.popleft())

    def _new_pool(self) -> ProcessPoolExecutor:
        return new_pool(self._workers, niceness=NICENESS)

    def _hand_in(self, paths: Sequence[Path]) -> _Waiting:
        try:
            with uninterrupted():  # a process may be started for it
                return _Waiting(paths, self._pool, self._pool.submit(read_files, paths, self._fit))
        except BrokenProcessPool:
            self._replace(self._pool)
            return self._hand_in(paths)

    def _collected(self, waiting: list[_Waiting]) -> list[ReadFile]:
        return [read for part in waiting for read in self._result(part)]

    def _result(self, part: _Waiting) -> list[ReadFile]:
        try:
            return part.future.result()
        except BrokenProcessPool:
            self._replace(part.pool)
            return list(_read_singly(part.paths, self._fit))

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:  # else another file has seen to it already
            self._pool = self._new_pool()
            release(broken)
            broken.shutdown(wait=False)


class _Waiting(NamedTuple):
    """Files handed to a process of a pool."""

    paths: Sequence[Path]
    pool: ProcessPoolExecutor
    future: Future[list[ReadFile]]


def _read_singly(paths: Sequence[Path], fit: Fit) -> Iterator[ReadFile]:
    """One file at a time, in a process for these alone: its end is the fault of that file."""
    pool = new_pool(1)
    try:
        for path in paths:
            try:
                with uninterrupted():
                    reading = pool.submit(read_file, path, fit)
                yield reading.result()
            except BrokenProcessPool:
                yield _failed(path, _KILLER)
                _end(pool)
                pool = new_pool(1)
    finally:
        _end(pool)


def _end(pool: ProcessPoolExecutor) -> None:
    """Let the processes of a pool finish what they are at, and no more."""
    release(pool)
    pool.shutdown(cancel_futures=True)


def _failed(path: Path, why: str) -> ReadFile:
    return ReadFile(path, FileRecord(path=name_of(path), size=-1, modified=-1, error=why))
