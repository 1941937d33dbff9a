"""/api/events: what happens, as it happens"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event

from companion_app.studio import Studio

KEEP_ALIVE_SECONDS = 15
"""Between signs of life on a quiet stream: proxies give up on silent connections."""
UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def router(studio: Studio) -> APIRouter:
    """Server-Sent Events; a reader resumes with Last-Event-ID."""
    routes = APIRouter(prefix="/api/events", tags=["events"])

    # Not declared as EventSourceResponse: FastAPI would then encode every event by itself, slowly.
    @routes.get("", response_class=StreamingResponse)
    async def follow(
        batch_id: Annotated[str | None, Query()] = None,
        last_event_id: Annotated[int | None, Header()] = None,
    ) -> StreamingResponse:
        bursts = studio.progress.bursts(batch_id, last_event_id)
        return EventSourceResponse(_frames(bursts), headers=UNBUFFERED)

    return routes


async def _frames(
    bursts: AsyncGenerator[list[dict[str, Any]], None],
) -> AsyncGenerator[bytes, None]:
    """The events as they go over the line: all that wait in one piece, as there may be many."""
    yield format_sse_event(comment="listening")
    async with aclosing(bursts):
        while True:
            news = asyncio.ensure_future(anext(bursts, None))
            try:
                while not (await asyncio.wait([news], timeout=KEEP_ALIVE_SECONDS))[0]:
                    yield format_sse_event(comment="ping")
            finally:
                news.cancel()  # where it is not done: the reader has left
                await asyncio.wait([news])
            if (burst := news.result()) is None:
                return
            yield b"".join(map(_frame, burst))


def _frame(event: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(event), id=str(event["id"]))
