"""Fixtures for every test; an area's own fixtures live in its folder."""

from __future__ import annotations

import os
import signal
import struct
from zlib import crc32

import pytest

pytest_plugins = ["tests.browser", "tests.comfyui.servers"]
pytest.register_assert_rewrite("tests.contract")  # its helpers assert too


def pytest_configure() -> None:
    """Hear Ctrl+C: what a shell runs in the background is made to ignore it, with its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a browser test once more in CI, as Playwright's own runner does; the summary lists it."""
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def undecodable_png() -> bytes:
    """A PNG whose checksums are right over pixels that are not."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", bytes(500)) + chunk(b"IEND", b"")
