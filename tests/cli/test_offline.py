"""No connection leaves the machine: watched at the socket while a demo makes a grid."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest

WATCH = """
import os, sys

def watch(event, arguments):
    if event == "socket.connect":
        target = arguments[1]
    elif event == "socket.getaddrinfo":
        target = arguments[0]
    else:
        return
    with open(os.environ["WATCHED_CONNECTIONS"], "a") as log:
        log.write(f"{event} {target!r}\\n")

sys.addaudithook(watch)
"""
"""Loaded by every Python of the demo at its start, as sitecustomize."""

HOME = re.compile(r"'(127\.\d+\.\d+\.\d+|::1|localhost)'|getaddrinfo None|connect '/")


@pytest.fixture(scope="module")
def watched(start, make_grid, tmp_path_factory):
    """The page of a demo that made a grid, and every connection of all its processes."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "sitecustomize.py").write_text(WATCH)
    log = folder / "connections.log"
    variables = {
        "PYTHONPATH": f"{folder}{os.pathsep}{Path(__file__).parents[2]}",
        "WATCHED_CONNECTIONS": str(log),
    }
    options = ["--no-browser", "--port", "0", "--data-dir", folder / "data"]
    with (
        start("demo", *options, **variables) as process,
        httpx.Client(base_url=process.address, timeout=30) as client,
    ):
        page = client.get("/").raise_for_status().text
        make_grid(client, "quiet harbour", 2)
    return page, log.read_text().splitlines()


def test_no_process_of_the_demo_connects_to_another_machine(watched):
    _, connections = watched
    assert len(connections) >= 2  # the watcher does see the studio talking to its servers
    assert [line for line in connections if not HOME.search(line)] == []


def test_the_page_makes_the_browser_load_nothing_from_elsewhere(watched):
    page, _ = watched
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']([^\"']+)", page)
    assert loaded
    assert [url for url in loaded if re.match(r"(https?:)?//", url)] == []
