"""Thumbnails, and hashes of what pictures show, made in processes of their own.

This module imports next to nothing of ours, so that such a process is up in a moment and stays
small.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from vibes.decoding import decoded, pixel_hash, upright
from vibes.workers import new_pool, release, uninterrupted

logger = logging.getLogger(__name__)

PIXELS = 384
QUALITY = 82
WORKERS = min(4, os.cpu_count() or 1)

T = TypeVar("T")


class Thumbnail(NamedTuple):
    """A small WebP, and the size in pixels of the picture it was made of."""

    data: bytes
    size: tuple[int, int]


class Thumbnailer:
    """Shrinks pictures without keeping the event loop from anything else."""

    def __init__(self) -> None:
        self._pool = new_pool(WORKERS)

    async def make(self, picture: bytes) -> Thumbnail:
        """A WebP of at most 384 × 384 px; raises Undecodable over what is no picture.

        A pool whose process was killed is replaced, and the picture tried once more; raises
        BrokenProcessPool when that one does not last either.
        """
        return await self._done(thumbnail, picture)

    async def hash(self, picture: bytes, at_least: int) -> str:
        """``pixel_hash`` of a picture read as ``upright`` does; raises as ``make``."""
        return await self._done(hashed, picture, at_least)

    async def _done(self, work: Callable[..., T], *given: Any) -> T:
        pool = self._pool
        try:
            return await self._hand_in(work, *given)
        except BrokenProcessPool:
            self._replace(pool)
            return await self._hand_in(work, *given)

    def _hand_in(self, work: Callable[..., T], *given: Any) -> asyncio.Future[T]:
        with uninterrupted():  # a process may be started for it
            return asyncio.get_running_loop().run_in_executor(self._pool, work, *given)

    def close(self) -> None:
        """End the processes."""
        release(self._pool)
        self._pool.shutdown(cancel_futures=True)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:  # else another picture has seen to it already
            logger.warning("A process that makes thumbnails was killed; new ones are started")
            self._pool = new_pool(WORKERS)
            release(broken)
            broken.shutdown(wait=False)


def thumbnail(picture: bytes) -> Thumbnail:
    """Shrink a picture to fit 384 × 384 px, as WebP; raises Undecodable."""
    small = decoded(picture)
    size = small.size
    small.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=2)
    return Thumbnail(out.getvalue(), size)


def hashed(picture: bytes, at_least: int) -> str:
    """The hash of what a picture shows; raises Undecodable."""
    return pixel_hash(upright(picture, at_least=at_least).picture)
