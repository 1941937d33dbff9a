"""A hostile page in a real browser, with the studio open beside it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from .conftest import Studio

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
"""Chromium in a container: no user namespaces, a small /dev/shm."""
REBINDING = "--host-resolver-rules=MAP *.example 127.0.0.1"
"""What a hostile name server does, done by the browser."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        yield browser
        browser.close()


def _launch(playwright: Playwright) -> Browser:
    debian = Path("/usr/bin/chromium")
    chosen = os.environ.get("VIBES_BROWSER") or (str(debian) if debian.exists() else None)
    try:
        return playwright.chromium.launch(executable_path=chosen, args=[*FLAGS, REBINDING])
    except PlaywrightError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"There is no Chromium to test with: {str(error).splitlines()[0]}")


class _Nothing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another site on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(params=["127.0.0.1", "localhost", "evil.example"])
def hostile(request: pytest.FixtureRequest, browser: Browser, elsewhere: int) -> Iterator[Page]:
    """A page of another port, of another name, and of another site."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://{request.param}:{elsewhere}/")
        yield page


def _sessions(studio: Studio) -> int:
    with studio.client() as client:
        return len(client.get("/api/sessions").json())


def test_another_page_neither_reads_nor_writes(hostile: Page, local: Studio) -> None:
    before = _sessions(local)
    for mode in ("cors", "no-cors"):
        for method in ("GET", "POST", "DELETE"):
            told = {"mode": mode, "method": method, "credentials": "include"}
            read = hostile.evaluate(
                "([url, told]) => fetch(url, told).then(r => r.text(), () => '')",
                [f"{local.url}/api/sessions", told],
            )
            assert read == ""
    assert _sessions(local) == before


def test_another_page_learns_nothing_by_loading_things(hostile: Page, local: Studio) -> None:
    for tag, path in (("img", "/studio-assets/icon.svg"), ("script", "/studio-assets/main.js")):
        happened = hostile.evaluate(
            """([tag, src]) => new Promise(done => {
                const made = document.createElement(tag)
                made.onload = () => done('load')
                made.onerror = () => done('error')
                made.src = src
                document.body.append(made)
            })""",
            [tag, local.url + path],
        )
        assert happened == "error", tag


def test_another_page_cannot_follow_the_events(hostile: Page, local: Studio) -> None:
    happened = hostile.evaluate(
        """url => new Promise(done => {
            const events = new EventSource(url)
            events.onopen = () => done('open')
            events.onerror = () => done('error')
        })""",
        f"{local.url}/api/events",
    )
    assert happened == "error"


def test_another_page_cannot_post_a_form(hostile: Page, local: Studio) -> None:
    before = _sessions(local)
    hostile.evaluate(
        """url => {
            const form = document.createElement('form')
            Object.assign(form, {action: url, method: 'POST', enctype: 'text/plain'})
            document.body.append(form)
            form.submit()
        }""",
        f"{local.url}/api/sessions",
    )
    hostile.wait_for_url(f"{local.url}/api/sessions")
    assert "foreign_origin" in hostile.content()
    assert _sessions(local) == before


def test_another_page_cannot_frame_the_studio(hostile: Page, local: Studio) -> None:
    hostile.evaluate(
        """url => new Promise(done => {
            const frame = document.createElement('iframe')
            frame.onload = done
            frame.src = url
            document.body.append(frame)
        })""",
        local.url,
    )
    assert all("vibes-header" not in frame.content() for frame in hostile.frames[1:])


def test_a_name_that_points_here_by_a_hostile_name_server_finds_nobody(
    browser: Browser, local: Studio
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        reply = page.goto(f"http://evil.example:{local.netloc.rpartition(':')[2]}/")
        assert reply
        assert reply.status == 403


def test_the_studio_s_page_lives_with_its_own_rules(browser: Browser, guarded: Studio) -> None:
    """Styles, scripts, fonts and events all load; the token leaves the address and the scripts."""
    said: list[str] = []  # on the console
    with browser.new_context() as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{guarded.url}/?token={guarded.token}")
        page.get_by_label("Prompt", exact=True).wait_for()
        assert page.url == f"{guarded.url}/"
        assert page.evaluate("document.cookie") == ""
        assert guarded.token not in page.content()
        assert page.evaluate("fetch('/api/sessions').then(r => r.status)") == 200
        assert page.evaluate("fetch('http://evil.example/').then(() => 1, () => 0)") == 0
        page.goto(f"{guarded.url}/docs")
        page.get_by_text("/api/sessions", exact=True).first.wait_for()
    assert [line for line in said if "violates" in line and "evil.example" not in line] == []
