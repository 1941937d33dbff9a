"""A real browser as a fixture: VIBES_BROWSER, else Debian's Chromium, else Playwright's own.

Where there is none, its tests are skipped; in CI they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
"""Chromium in a container: no user namespaces, a small /dev/shm."""

expect.set_options(timeout=15_000)  # milliseconds: what is true in the end may come late


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole run: while Playwright is up, its event loop keeps async tests from running.
    with sync_playwright() as playwright:
        browser = _launch(playwright)
        yield browser
        browser.close()


def _launch(playwright: Playwright) -> Browser:
    debian = Path("/usr/bin/chromium")
    chosen = os.environ.get("VIBES_BROWSER") or (str(debian) if debian.exists() else None)
    try:
        return playwright.chromium.launch(executable_path=chosen, args=FLAGS)
    except PlaywrightError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"There is no Chromium to test with: {str(error).splitlines()[0]}")
