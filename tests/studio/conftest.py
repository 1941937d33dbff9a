"""A studio over two quick embedded servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from companion_app import thumbnails
from companion_app.embedded import PARTIAL_LIBRARY, create_app
from companion_app.studio import matching
from tests.studio.harness import Api, studio_over
from vibes.scoring.text_tower import load_text_encoder
from vibes.settings import ServerConfig

read_once = cache(load_text_encoder)


@pytest.fixture(autouse=True)
def quick_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of studios: all share the text encoder, and few pictures need but one process."""
    monkeypatch.setattr(matching, "load_text_encoder", read_once)
    monkeypatch.setattr(thumbnails, "WORKERS", 1)


@asynccontextmanager
async def running(application: web.Application) -> AsyncIterator[str]:
    """The address of an embedded server for as long as this lasts."""
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def servers() -> AsyncIterator[list[ServerConfig]]:
    """Two quick embedded servers; the second lacks some models."""
    one = create_app(name="one", seconds_per_image=0.02, faults=["doomed"])
    two = create_app(name="two", seconds_per_image=0.02, models=PARTIAL_LIBRARY, faults=["doomed"])
    async with running(one) as first, running(two) as second:
        yield [
            ServerConfig.model_validate({"name": "studio-1", "url": first}),
            ServerConfig.model_validate({"name": "studio-2", "url": second}),
        ]


@pytest.fixture
def start_studio(servers: list[ServerConfig], tmp_path: Path) -> Callable[..., Any]:
    """Starts a studio over ``servers``, always on the same data directory."""

    def start(**options: Any) -> Any:
        return studio_over(options.pop("servers", servers), tmp_path, **options)

    return start


@pytest.fixture
async def api(start_studio: Callable[..., Any]) -> AsyncIterator[Api]:
    """The REST of a running studio."""
    async with start_studio() as api:
        yield api
