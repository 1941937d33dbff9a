"""A real studio with two demo render servers, and a real browser looking at it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from vibes.scoring.torch_modules import missing_modules

from .line import Line
from .spare import spare_server

TINY_CLIP = Path(__file__).parents[1] / "assets" / "tiny_clip"


@pytest.fixture(scope="session")
def studio_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a studio started as a newcomer starts it, but for its haste; nothing is scored."""
    with _studio(tmp_path_factory.mktemp("studio"), VIBES_SCORING__ENABLED="false") as url:
        yield url


@pytest.fixture(scope="module")
def scoring_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of another one, in which a small model of the same kind as large ones scores."""
    if missing := missing_modules():
        pytest.skip(f"{missing[0]} is not installed here")
    variables = {"VIBES_SCORING__MODEL": str(TINY_CLIP), "VIBES_SCORING__DEVICE": "cpu"}
    with _studio(tmp_path_factory.mktemp("scoring"), speed=9, **variables) as url:
        yield url


@contextmanager
def _studio(data: Path, *, speed: int = 3, **variables: str) -> Iterator[str]:
    command = [sys.executable, "-m", "companion_app", "demo", "--no-browser", "--port", "0"]
    command += ["--speed", str(speed), "--data-dir", str(data)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        yield _announced_address(process)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()


def _announced_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    pytest.fail(f"The studio ended with exit code {process.wait()} before it was ready.")


@pytest.fixture
def trouble() -> list[str]:
    """What the browser complained of; a test ends with it empty, or empties it on purpose."""
    return []


@pytest.fixture
def context(browser: Browser, trouble: list[str]) -> Iterator[BrowserContext]:
    """A window that writes down console errors, exceptions and requests to other machines."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield from _watched(context, trouble)


@pytest.fixture
def phone(browser: Browser, trouble: list[str]) -> Iterator[BrowserContext]:
    """The same as a touch screen 420 pixels wide."""
    context = browser.new_context(viewport={"width": 420, "height": 860}, has_touch=True)
    yield from _watched(context, trouble)


def _watched(context: BrowserContext, trouble: list[str]) -> Iterator[BrowserContext]:
    _watch(context, trouble)
    yield context
    context.close()
    assert trouble == []


def _watch(context: BrowserContext, trouble: list[str]) -> None:
    context.on("console", lambda said: _is_complaint(said) and trouble.append(said.text))
    context.on("weberror", lambda thrown: trouble.append(str(thrown.error)))
    context.on("request", lambda sent: _is_foreign(sent.url) and trouble.append(sent.url))


def _is_complaint(said: ConsoleMessage) -> bool:
    # A picture may be done, and its preview gone, between the news of it and the request for it.
    return said.type == "error" and "/preview?" not in said.location["url"]


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1"


@pytest.fixture
def page(context: BrowserContext, studio_url: str) -> Page:
    """The studio as someone who was never here before sees it."""
    page = context.new_page()
    page.goto(studio_url)
    page.get_by_text("Your first grid is one sentence away").wait_for()
    return page


@dataclass(frozen=True)
class Desk:
    """One page that several tests use in turn, and what its browser complained of."""

    page: Page
    trouble: list[str]


@pytest.fixture(scope="module")
def shared_desk(browser: Browser, studio_url: str) -> Iterator[Desk]:
    with desk_at(browser, studio_url) as desk:
        yield desk


@contextmanager
def desk_at(browser: Browser, studio_url: str) -> Iterator[Desk]:
    """A page of a studio, as someone who was never here before sees it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    desk = Desk(context.new_page(), [])
    _watch(context, desk.trouble)
    desk.page.goto(studio_url)
    desk.page.get_by_text("Your first grid is one sentence away").wait_for()
    yield desk
    context.close()


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """A page as the test before left it; a test ends with no trouble, or clears it on purpose."""
    shared_desk.trouble.clear()
    yield shared_desk
    shared_desk.page.unroute_all()
    assert shared_desk.trouble == []


@pytest.fixture
def line(studio_url: str) -> Iterator[Line]:
    """The queue behind the page; afterwards it is empty again."""
    line = Line(studio_url)
    yield line
    line.close()


@pytest.fixture(scope="module")
def spare_url() -> Iterator[str]:
    """Address of a render server the studio does not know."""
    with spare_server() as url:
        yield url
