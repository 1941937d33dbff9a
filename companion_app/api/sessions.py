"""/api/sessions"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict

from companion_app.studio import Studio
from companion_app.studio.requests import Id, Name, SessionRequest
from companion_app.studio.views import View


class Rename(BaseModel):
    """A new name for a session."""

    model_config = ConfigDict(extra="forbid")
    name: Name


class Navigation(BaseModel):
    """Where to: "back", "forward", or the id of a batch of the session."""

    model_config = ConfigDict(extra="forbid")
    to: Id


def router(studio: Studio) -> APIRouter:
    """Sessions and walking through their grids."""
    routes = APIRouter(prefix="/api/sessions", tags=["sessions"])

    @routes.post("", status_code=201)
    async def create(request: Annotated[SessionRequest | None, Body()] = None) -> View:
        return await studio.sessions.create(request or SessionRequest())

    @routes.get("")
    async def all_sessions() -> list[View]:
        return await studio.sessions.all()

    @routes.get("/{session_id}")
    async def one(session_id: str) -> View:
        return await studio.sessions.get(session_id)

    @routes.patch("/{session_id}")
    async def rename(session_id: str, request: Rename) -> View:
        return await studio.sessions.rename(session_id, request.name)

    @routes.delete("/{session_id}", status_code=204)
    async def delete(session_id: str) -> None:
        await studio.sessions.delete(session_id)

    @routes.post("/{session_id}/navigate")
    async def navigate(session_id: str, request: Navigation) -> View:
        return await studio.sessions.navigate(session_id, request.to)

    return routes
