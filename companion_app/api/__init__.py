"""The studio over HTTP: one router per noun, one shape of error, one gate."""

from __future__ import annotations

from fastapi import FastAPI

from companion_app.studio import Studio

from . import (
    batches,
    bin,
    events,
    fleet,
    generation,
    images,
    learning,
    models,
    preferences,
    problems,
    quality,
    queue,
    scoring,
    servers,
    sessions,
    workflows,
)
from .security import Gate, is_loopback

__all__ = ["Gate", "install", "is_loopback"]

METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


def install(app: FastAPI, studio: Studio) -> None:
    """Give the application every route and the shape of its errors."""
    problems.install(app)
    nouns = (
        *(fleet, models, servers, workflows, queue, sessions, generation),
        *(batches, scoring, images, preferences, learning, quality, bin, events),
    )
    for noun in nouns:
        app.include_router(noun.router(studio))
    app.add_api_route(
        "/api/{path:path}", problems.no_route, methods=METHODS, include_in_schema=False
    )
