"""Small waits: for an event but not for ever, for the first of several coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def pause(seconds: float, unless: asyncio.Event) -> None:
    """Sleep, but wake early when the event is set; it is cleared either way."""
    waiter = asyncio.ensure_future(unless.wait())
    try:
        await asyncio.wait([waiter], timeout=seconds)
    finally:
        waiter.cancel()
        unless.clear()


async def first_of(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, then end the others; raises what that one raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
