"""The client believes nothing it has not checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from companion_app.embedded import PARTIAL_LIBRARY
from companion_app.fleet import client as client_module
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.discovery import Discovery
from companion_app.fleet.replies import FileRef
from vibes.errors import GraphRefused, NotComfyUI, RenderFailed, ServerUnreachable
from vibes.settings import ServerConfig


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[ServerConfig], ComfyClient]]:
    async with aiohttp.ClientSession() as session:
        yield lambda config: ComfyClient(config, session)


def answering(reply: web.Response) -> Callable[[], web.Application]:
    """An application that gives the same answer to everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=reply.body, status=reply.status, content_type=reply.content_type)

    def build() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        return app

    return build


async def test_a_listing_has_models_with_sizes_metadata_and_choices(serve, connect):
    site = await serve("two", models=PARTIAL_LIBRARY)
    listing = await Discovery(connect(site.config)).listing()
    xl = next(f for f in listing.checkpoints if "epicrealismXL" in f.name)
    assert xl.name == "sdxl\\epicrealismXL.safetensors"
    assert xl.size
    assert (xl.facts.family, xl.facts.family_source) == ("sdxl", "metadata")
    assert "euler" in listing.samplers
    assert "normal" in listing.schedulers
    assert "KSampler" in listing.node_classes
    assert "easynegative.safetensors" in {entry.name for entry in listing.embeddings}
    assert listing.upscale_models


async def test_metadata_is_asked_for_once_per_file(serve, connect):
    asked = []

    @web.middleware
    async def count(request, handler):
        asked.append(request.path)
        return await handler(request)

    def build() -> web.Application:
        from companion_app.embedded import create_app

        app = create_app(name="one", seconds_per_image=0.0)
        app.middlewares.append(count)
        return app

    site = await serve("one", app=build)
    discovery = Discovery(connect(site.config))
    first = await discovery.listing()
    before = sum(path.startswith("/view_metadata") for path in asked)
    assert await discovery.listing() == first
    assert sum(path.startswith("/view_metadata") for path in asked) == before > 0


async def test_the_path_of_the_address_and_its_headers_are_kept(serve, connect):
    seen = []

    async def stats(request: web.Request) -> web.Response:
        seen.append(request.headers["X-Key"])
        return web.json_response({"system": {}, "devices": []})

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/gpu/7/system_stats", stats)
        return app

    site = await serve("behind", app=build)
    config = ServerConfig(name="behind", url=f"{site.config.url}gpu/7/", headers={"X-Key": "k"})
    await connect(config).device()
    assert seen == ["k"]


async def test_a_closed_port_is_unreachable(serve, connect):
    site = await serve("down", down=True)
    with pytest.raises(ServerUnreachable, match="down does not answer at http"):
        await connect(site.config).queue()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (web.Response(text="<html>", content_type="text/html"), NotComfyUI, "not JSON"),
        (web.json_response({"hello": "world"}), NotComfyUI, "another shape"),
        (web.Response(status=404), NotComfyUI, "404"),
        (web.Response(status=401), ServerUnreachable, "headers"),
        (web.Response(status=502), ServerUnreachable, "502"),
    ],
)
async def test_answers_comfyui_would_not_give_are_named(serve, connect, reply, error, words):
    site = await serve("odd", app=answering(reply))
    with pytest.raises(error, match=words):
        await connect(site.config).device()


async def test_an_endless_answer_is_cut_off(serve, connect, monkeypatch):
    monkeypatch.setattr(client_module, "_JSON_LIMIT", 1000)
    monkeypatch.setattr(client_module, "MAX_BYTES", 1000)
    site = await serve("endless", app=answering(web.Response(body=b"x" * 5000)))
    with pytest.raises(NotComfyUI, match="longer than 1000 bytes"):
        await connect(site.config).view(FileRef("x.png"))


async def test_a_refused_graph_carries_the_servers_reason(serve, connect):
    site = await serve("one")
    graph = {"1": {"class_type": "NoSuchNode", "inputs": {}}}
    with pytest.raises(GraphRefused, match="NoSuchNode"):
        await connect(site.config).post_prompt(graph, prompt_id="p", client_id="c")


async def test_a_file_that_is_gone_is_a_failed_render(serve, connect):
    site = await serve("one")
    with pytest.raises(RenderFailed, match="does not hand it out"):
        await connect(site.config).view(FileRef("never.png"))


async def test_an_uploaded_picture_is_named_as_the_server_stored_it(serve, connect, png):
    site = await serve("one")
    client = connect(site.config)
    name = await client.upload_image("a.png", png)
    assert name == "vibes/a.png"
    folder, _, file = name.rpartition("/")
    assert await client.view(FileRef(file, folder, "input")) == png
    assert await client.features()
