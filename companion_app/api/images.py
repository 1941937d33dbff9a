"""/api/images"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from companion_app.studio import Studio
from companion_app.studio.requests import ImageAction, MoveRequest, RatingRequest
from companion_app.studio.views import View
from vibes.errors import NotFound
from vibes.preferences.sentences import Level
from vibes.stages import Selection

FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}


class SelectionRequest(BaseModel):
    """The state of one card."""

    model_config = ConfigDict(extra="forbid")
    selection: Selection


class ActionRequest(BaseModel):
    """What the user did with an image."""

    model_config = ConfigDict(extra="forbid")
    action: ImageAction


def router(studio: Studio) -> APIRouter:
    """Single images: files, recipe, selection, rating, and the job that makes one."""
    routes = APIRouter(prefix="/api/images", tags=["images"])

    @routes.put("/{image_id}/selection")
    async def select(image_id: str, request: SelectionRequest) -> View:
        image = await studio.grids.select(image_id, request.selection)
        return {"id": image.id, "selection": image.selection}

    @routes.put("/{image_id}/rating")
    async def rate(image_id: str, request: RatingRequest) -> View:
        return await studio.feedback.rate(image_id, request)

    @routes.post("/{image_id}/actions")
    async def act(image_id: str, request: ActionRequest) -> View:
        return await studio.feedback.act(image_id, request.action)

    @routes.head("/{image_id}/file", include_in_schema=False)
    @routes.get("/{image_id}/file", response_class=FileResponse)
    async def file(image_id: str) -> Response:
        return await _picture(image_id, studio.files.original(image_id))

    @routes.head("/{image_id}/thumbnail", include_in_schema=False)
    @routes.get("/{image_id}/thumbnail", response_class=FileResponse)
    async def thumbnail(image_id: str) -> Response:
        return await _picture(image_id, studio.files.thumbnail(image_id))

    @routes.get("/{image_id}/preview", response_class=Response)
    async def preview(image_id: str) -> Response:
        found = studio.fleet.preview(image_id)
        if found is not None:
            return Response(found[0], media_type=found[1], headers=NEVER)
        if (await studio.grids.one(image_id)).state == "collected":  # done since it was announced
            return RedirectResponse(f"/api/images/{image_id}/thumbnail", headers=NEVER)
        raise NotFound(f"Image '{image_id}' has no live preview now.")

    @routes.get("/{image_id}/recipe")
    async def recipe(image_id: str, explain: Level = "standard") -> View:
        return await studio.explaining.recipe(image_id, explain)

    @routes.get("/{image_id}")
    async def one(image_id: str) -> View:
        return await studio.grids.image_view(image_id)

    @routes.post("/{image_id}/cancel")
    async def cancel(image_id: str) -> View:
        return await studio.queue.cancel_image(image_id)

    @routes.post("/{image_id}/pause")
    async def pause(image_id: str) -> View:
        return await studio.queue.pause_image(image_id)

    @routes.post("/{image_id}/resume")
    async def resume(image_id: str) -> View:
        return await studio.queue.resume_image(image_id)

    @routes.post("/{image_id}/retry")
    async def retry(image_id: str) -> View:
        return await studio.queue.retry_image(image_id)

    @routes.post("/{image_id}/move")
    async def move(image_id: str, request: MoveRequest) -> View:
        return await studio.queue.move_image(image_id, request.before)

    async def _picture(image_id: str, path: Path) -> Response:
        image = await studio.grids.one(image_id)
        if image.state != "collected":
            raise NotFound(f"Image '{image_id}' has no picture: it is {image.state}.")
        try:
            media_type = await asyncio.to_thread(_media_type, path)
        except FileNotFoundError:
            raise NotFound(
                f"Image '{image_id}' was made, but its picture is gone; run 'vibes db check'."
            ) from None
        return FileResponse(path, media_type=media_type, headers=FOR_EVER)

    return routes


def _media_type(path: Path) -> str:
    """What the first bytes say; the name says PNG whatever the server made."""
    with path.open("rb") as file:
        start = file.read(12)
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return "image/webp"
    return "image/png"
