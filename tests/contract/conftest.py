"""One suite, two servers: every test here runs on the embedded server and on a real ComfyUI."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from companion_app.embedded import ModelFile, Models, create_app
from tests.comfyui.servers import CHECKPOINTS, LORA
from tests.contract.recordings import Recordings
from tests.contract.wire import Server
from tests.tiny_checkpoints import ARCHITECTURE

TINY_MODELS = Models(  # what the real server has
    checkpoints=tuple(
        ModelFile(name, 6_000_000, {"modelspec.architecture": ARCHITECTURE}) for name in CHECKPOINTS
    ),
    loras=(ModelFile(LORA, 9_000, {"modelspec.architecture": f"{ARCHITECTURE}/lora"}),),
)
SERVERS = ("embedded", pytest.param("comfyui", marks=pytest.mark.comfyui))


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return which server the test talks to."""
    name: str = request.param
    return name


@pytest_asyncio.fixture
async def server(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    if kind == "comfyui":
        url = request.getfixturevalue("comfyui_server").url
        async with aiohttp.ClientSession(url) as http:
            yield Server(url, http)
        return
    app = create_app(name="embedded", speed=10, models=TINY_MODELS)
    async with TestServer(app) as embedded:
        url = str(embedded.make_url("")).rstrip("/")
        async with aiohttp.ClientSession(url) as http:
            yield Server(url, http)


@pytest.fixture
def recordings(kind: str, pytestconfig: pytest.Config) -> Recordings:
    asked: bool = pytestconfig.getoption("--record-comfyui")
    return Recordings(writing=asked and kind == "comfyui")
