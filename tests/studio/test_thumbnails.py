"""Thumbnails are made whatever becomes of the processes that make them."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from companion_app.thumbnails import PIXELS, Thumbnailer


def picture(width: int = 640, height: int = 480) -> bytes:
    buffer = BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def size(data: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(data), formats=["WEBP"]) as image:
        return image.size


def kill_processes() -> None:
    """End every pool process at once, as a machine short of memory does."""
    processes = multiprocessing.active_children()
    assert processes
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


@pytest.fixture
def thumbnailer() -> Iterator[Thumbnailer]:
    maker = Thumbnailer()
    yield maker
    maker.close()


async def test_a_thumbnail_keeps_the_shape_of_its_picture(thumbnailer):
    small, of = await thumbnailer.make(picture(1024, 512))
    assert (size(small), of) == ((PIXELS, PIXELS // 2), (1024, 512))


async def test_a_process_killed_between_two_pictures_costs_nothing(thumbnailer):
    await thumbnailer.make(picture())
    kill_processes()
    assert size((await thumbnailer.make(picture())).data)[0] == PIXELS
    assert size((await thumbnailer.make(picture())).data)[0] == PIXELS


async def test_pictures_under_way_when_their_process_is_killed_are_made_all_the_same(thumbnailer):
    await thumbnailer.make(picture())
    making = [asyncio.ensure_future(thumbnailer.make(picture(1500, 1500))) for _ in range(6)]
    await asyncio.sleep(0)  # each has been handed to the pool
    kill_processes()
    made = await asyncio.gather(*making)
    assert [size(small) for small, _ in made] == [(PIXELS, PIXELS)] * 6


async def test_a_pool_whose_processes_were_killed_keeps_no_thread_and_so_no_studio_from_ending():
    before = set(threading.enumerate())
    maker = Thumbnailer()
    await maker.make(picture())
    large = picture(2000, 2000)  # far more than a pipe holds, so that it is being written
    making = [asyncio.ensure_future(maker.make(large)) for _ in range(6)]
    await asyncio.sleep(0.05)
    kill_processes()
    await asyncio.gather(*making)
    maker.close()
    assert not await asyncio.to_thread(left_of, set(threading.enumerate()) - before)


def left_of(threads: set[threading.Thread], seconds: float = 10) -> set[str]:
    """The names of those threads that a process waits for and that do not end in time."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        if "asyncio" not in thread.name:  # the loop's own end with the loop
            thread.join(max(0.0, deadline - time.monotonic()))
    return {thread.name for thread in threads if thread.is_alive() and "asyncio" not in thread.name}
