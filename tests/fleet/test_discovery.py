"""What is known of a server's files, and how little of it is asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from companion_app.embedded import FULL_LIBRARY, create_app
from companion_app.fleet import replies
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.discovery import Discovery

LORAS = len(FULL_LIBRARY.loras)
METADATA, PAGES = "view_metadata", "vibes"


class Asked(Counter[str]):
    """How often each first part of a path was asked for, at a server that can be changed."""

    def app(self, **options) -> Callable[[], web.Application]:
        @web.middleware
        async def count(request, handler):
            self[request.path.split("/")[1]] += 1
            return await handler(request)

        def build() -> web.Application:
            app = create_app(name="one", seconds_per_image=0.0, **options)
            app.middlewares.append(count)
            return app

        return build


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., ComfyClient]]:
    async with aiohttp.ClientSession() as session:
        yield lambda site: ComfyClient(site.config, session)


async def test_a_server_with_the_pack_tells_its_files_in_pages(serve, connect, monkeypatch):
    monkeypatch.setattr(replies, "PAGE", 10)
    asked, plain = Asked(), Asked()
    with_pack = await serve("one", app=asked.app(pack=True))
    without = await serve("two", app=plain.app())
    discovery = Discovery(connect(with_pack))
    listing = await discovery.listing()
    assert asked[METADATA] == 0
    assert asked[PAGES] == 1 + 3 + 1  # checkpoints, LoRAs, embeddings
    core = await Discovery(connect(without)).listing()
    told = [replace(entry, modified=None) for entry in (*listing.checkpoints, *listing.loras)]
    assert told == [replace(e, modified=None) for e in (*core.checkpoints, *core.loras)]


async def test_pages_are_not_read_again_while_nothing_changed(serve, connect, monkeypatch):
    monkeypatch.setattr(replies, "PAGE", 10)
    asked = Asked()
    discovery = Discovery(connect(await serve("one", app=asked.app(pack=True))))
    first = await discovery.listing()
    asked.clear()
    assert await discovery.listing() == first
    assert asked[PAGES] == 3


async def test_a_server_whose_pack_is_too_old_for_pages_is_asked_as_any_other(serve, connect):
    def build() -> web.Application:
        app = create_app(name="one", seconds_per_image=0.0, pack=True)
        app.middlewares.append(without_pages)
        return app

    @web.middleware
    async def without_pages(request, handler):
        missing = request.path.startswith("/vibes")
        return web.Response(status=404) if missing else await handler(request)

    listing = await Discovery(connect(await serve("one", app=build))).listing()
    assert {entry.facts.family for entry in listing.checkpoints} == {"sd15", "sdxl", "sd3"}


async def test_only_a_file_that_changed_is_asked_for_again(serve, connect, monkeypatch):
    asked = Asked()
    site = await serve("one", app=asked.app())
    client = connect(site)
    discovery = Discovery(client)
    first = await discovery.listing()
    asked.clear()
    files = await client.model_files("loras")
    touched = {**files, "tiny-lora.safetensors": replace(files["tiny-lora.safetensors"], size=1)}

    async def told(folder: str) -> dict[str, replies.ModelFile]:
        return touched if folder == "loras" else await ComfyClient.model_files(client, folder)

    monkeypatch.setattr(client, "model_files", told)
    second = await discovery.listing()
    assert asked[METADATA] == 1
    assert [entry for entry in second.loras if entry not in first.loras] == [
        replace(entry, size=1) for entry in first.loras if entry.name == "tiny-lora.safetensors"
    ]


async def test_embeddings_have_sizes_and_are_named_as_their_files(serve, connect):
    listing = await Discovery(connect(await serve("one"))).listing()
    sizes = {entry.name: entry.size for entry in listing.embeddings}
    assert sizes == {file.name: file.size for file in FULL_LIBRARY.embeddings}


async def test_a_server_that_lists_no_embedding_files_may_still_name_them(serve, connect):
    def build() -> web.Application:
        app = create_app(name="one", seconds_per_image=0.0)
        app.middlewares.append(without_files)
        return app

    @web.middleware
    async def without_files(request, handler):
        missing = request.path == "/models/embeddings"
        return web.Response(status=404) if missing else await handler(request)

    listing = await Discovery(connect(await serve("one", app=build))).listing()
    assert {entry.name for entry in listing.embeddings} == {"easynegative", "badhands_v4"}


def test_a_page_is_believed_as_far_as_it_can_be():
    file = {"name": "a.safetensors", "size": 3, "modified": 1.5, "facts": {"rank": 8}}
    strange = [{**file, "name": "\x1b[31m"}, {**file, "size": -1, "facts": 7}, 3, None]
    page = replies.catalog_page({"total": 9, "version": "v", "files": [file, *strange]})
    assert page is not None
    assert [(entry.name, entry.size) for entry in page.files] == [
        ("a.safetensors", 3),
        ("a.safetensors", None),
    ]
    assert page.files[0].facts.rank == 8
    assert replies.catalog_page({"total": -1, "version": "v", "files": []}) is None
    assert replies.catalog_page({"total": 1, "version": "v"}) is None


async def test_a_server_that_always_changes_its_pages_does_not_keep_the_studio(serve, connect):
    def build() -> web.Application:
        app = create_app(name="one", seconds_per_image=0.0, pack=True)
        app.middlewares.append(restless)
        return app

    changes = iter(range(10_000))

    @web.middleware
    async def restless(request, handler):
        if not request.path.startswith("/vibes/catalog/"):
            return await handler(request)
        files = [{"name": f"{number}.safetensors"} for number in range(3)]
        reply = {"total": 10_000, "version": str(next(changes)), "files": files}
        return web.json_response(reply)

    listing = await Discovery(connect(await serve("one", app=build))).listing()
    assert len(listing.loras) == LORAS


async def test_a_preview_larger_than_any_is_not_taken(serve, connect):
    def build() -> web.Application:
        app = web.Application(client_max_size=0)
        app.router.add_get("/{path:.*}", flood)
        return app

    async def flood(request: web.Request) -> web.Response:
        return web.Response(body=bytes(9 * 1024 * 1024))

    assert await connect(await serve("one", app=build)).model_preview("loras", "a b#.pt") is None


async def test_a_preview_is_asked_for_by_the_name_as_it_is(serve, connect):
    paths = []

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        found = request.path.startswith("/experiment")
        return web.Response(body=b"picture" if found else b"", status=200 if found else 404)

    name = "styles\\50% #1?.safetensors"
    assert await connect(await serve("one", app=build)).model_preview("loras", name) == b"picture"
    assert paths == ["/vibes/catalog/loras/preview", f"/experiment/models/preview/loras/0/{name}"]
