"""/api/workflows: what pictures are made with, shipped and one's own"""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from companion_app.studio import Studio
from companion_app.studio.requests import Name, WorkflowRequest
from companion_app.studio.views import View

ANY_FILE = {"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
"""The file as it is: JSON, or a picture that carries its workflow."""


def router(studio: Studio) -> APIRouter:
    """Workflows: listing, looking at one before it is added, adding, fetching and removing them."""
    routes = APIRouter(prefix="/api/workflows", tags=["workflows"])

    @routes.get("")
    async def all_workflows() -> list[View]:
        return studio.workflows.all()

    @routes.post("", status_code=201)
    async def add(request: WorkflowRequest) -> View:
        document = json.dumps(request.document).encode()
        return await studio.workflows.add(request.name, document)

    @routes.post("/file", status_code=201, openapi_extra=ANY_FILE)
    async def add_file(
        request: Request,
        response: Response,
        name: Annotated[Name | None, Query()] = None,
        look: bool = False,
    ) -> View:
        file = await request.body()
        if look or name is None:
            response.status_code = 200
            return await studio.workflows.look(file, name)
        return await studio.workflows.add(name, file)

    @routes.get("/{name}", response_class=Response)
    async def document(name: str) -> Response:
        data = await studio.workflows.document(name)
        return Response(data, media_type="application/json")

    @routes.delete("/{name}", status_code=204)
    async def remove(name: str) -> None:
        await studio.workflows.remove(name)

    return routes
