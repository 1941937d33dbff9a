"""Every route there is, also those somebody adds tomorrow: none is open by mistake."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from fastapi import FastAPI

from companion_app.app import build_app
from vibes.settings import load_settings

from .conftest import Studio

UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
Routes = list[tuple[str, str]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A studio with its page, for its table of routes; it runs once, to let go of its data."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"), servers=[])

    async def build() -> FastAPI:
        app = build_app(settings)
        async with app.router.lifespan_context(app):
            return app

    return asyncio.run(build())


@pytest.fixture(scope="module")
def routes(app: FastAPI) -> Routes:
    """Method and path of every route, Gradio's included; parameters are filled in."""
    return sorted(set(_walk(app.routes)))


def _walk(routes: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):  # how newer FastAPI keeps an included router
            yield from _walk(route.effective_candidates(), prefix)
            continue
        path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        methods = getattr(route, "methods", None)
        if methods:
            yield from ((method, path) for method in methods)
        elif mounted := getattr(getattr(route, "app", None), "routes", None):
            yield from _walk(mounted, path)
        else:
            yield "GET", f"{path}/x"


def test_the_walk_sees_what_there_is(app: FastAPI, routes: Routes) -> None:
    documented = {
        (method.upper(), re.sub(r"\{[^}]*\}", "x", path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert len(documented) > 30
    assert documented <= set(routes)
    gradio = {("POST", "/gradio_api/upload"), ("GET", "/gradio_api/queue/data"), ("GET", "/config")}
    assert gradio <= set(routes)


def test_no_route_answers_without_the_token(guarded: Studio, routes: Routes) -> None:
    with closing(_Asker(guarded)) as stranger:
        for method, path in [*routes, *_unsafe(routes)]:
            expected = 200 if (method, path) == ("GET", "/health") else 401
            assert stranger.ask(method, path, guarded.netloc)[0] == expected, (method, path)


def test_no_route_answers_a_page_of_another_site(local: Studio, routes: Routes) -> None:
    with closing(_Asker(local)) as foreign:
        for method, path in [*routes, *_unsafe(routes)]:
            status, reply = foreign.ask(method, path, local.netloc, origin="https://evil.example")
            assert status == 403, (method, path)
            assert "access-control-allow-origin" not in reply.headers


def test_no_route_answers_under_a_foreign_name(local: Studio, routes: Routes) -> None:
    with closing(_Asker(local)) as rebound:
        for method, path in routes:
            assert rebound.ask(method, path, "evil.example")[0] == 403, (method, path)


def test_what_gradio_could_do_beside_showing_the_page_is_closed(
    local: Studio, routes: Routes
) -> None:
    beside = [
        (method, path)
        for method, path in routes
        if path.startswith("/gradio_api") or (method in UNSAFE and not path.startswith("/api/"))
    ]
    assert len(beside) > 50
    with closing(_Asker(local)) as client:
        for method, path in beside:
            assert client.ask(method, path, local.netloc)[0] in (404, 405), (method, path)


class _Asker(HTTPConnection):
    """One connection for a thousand questions; httpx takes ten times as long."""

    def __init__(self, studio: Studio):
        super().__init__(studio.netloc, timeout=20)

    def ask(self, method: str, path: str, host: str, **headers: str) -> tuple[int, HTTPResponse]:
        """The status and the answer, read to its end."""
        self.request(method, path, headers={"Host": host, **headers})
        reply = self.getresponse()
        reply.read()
        return reply.status, reply


def _unsafe(routes: Routes) -> Routes:
    """Every way of writing to every path, whether or not there is a route for it."""
    return [(method, path) for path in sorted({path for _, path in routes}) for method in UNSAFE]
