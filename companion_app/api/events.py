"""/api/events: what happens, as it happens"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from companion_app.studio import Studio


def router(studio: Studio) -> APIRouter:
    """Server-Sent Events; a reader resumes with Last-Event-ID."""
    routes = APIRouter(prefix="/api/events", tags=["events"])

    @routes.get("", response_class=EventSourceResponse)
    async def follow(
        batch_id: Annotated[str | None, Query()] = None,
        last_event_id: Annotated[int | None, Header()] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(comment="listening")
        async for event in studio.progress.subscribe(batch_id, last_event_id):
            yield ServerSentEvent(data=event, id=str(event["id"]))

    return routes
