"""What an image costs the studio itself: a whole ``vibes serve`` over servers that take no time."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from .studio import running, wait_for_servers

SERVERS = 2
BATCHES = 6
BATCH = 200  # images
WARM_UP = 200
PATIENCE = 120  # seconds
REQUEST = {
    "prompt": "misty forest at dawn",
    "tier": "tiny_test",
    "overrides": {"width": 64, "height": 64},
}


def measure() -> dict[str, Any]:
    """CPU time per image and images per second, with 1,200 images in the line and one page open."""
    with tempfile.TemporaryDirectory() as folder, farm(SERVERS) as urls:
        config = Path(folder) / "studio.yaml"
        servers = [{"name": f"farm-{n}", "url": url} for n, url in enumerate(urls, start=1)]
        config.write_text(json.dumps({"servers": servers}), encoding="utf-8")
        options = ["--config", str(config), "--port", "0", "--data-dir", f"{folder}/data"]
        with (
            running("serve", *options) as (process, address),
            httpx.Client(base_url=address, timeout=60) as studio,
        ):
            wait_for_servers(studio, SERVERS)
            figures = _measure(studio, psutil.Process(process.pid), Page(address))
            process.terminate()
            process.wait(timeout=30)
    return figures


def _measure(studio: httpx.Client, process: psutil.Process, page: Page) -> dict[str, Any]:
    session = studio.post("/api/sessions", json={"name": "benchmark"}).json()["id"]
    page.await_batches([_order(studio, session, WARM_UP)])
    memory = process.memory_info().rss
    before, pool_before = _cpu(process), _cpu_of_children(process)
    began = time.perf_counter()
    page.await_batches([_order(studio, session, BATCH) for _ in range(BATCHES)])
    seconds = time.perf_counter() - began
    images = BATCHES * BATCH
    pool = _cpu_of_children(process) - pool_before
    return {
        "coordinator_ms_per_image": round(1000 * (_cpu(process) - before) / images, 2),
        "images_per_second": round(images / seconds, 1),
        "thumbnail_processes_ms_per_image": round(1000 * pool / images, 2),
        "coordinator_images": images,
        "coordinator_memory_mb": round(process.memory_info().rss / 1e6, 1),
        "coordinator_growth_mb": round((process.memory_info().rss - memory) / 1e6, 1),
    }


def _order(studio: httpx.Client, session: str, count: int) -> str:
    body = {**REQUEST, "session_id": session, "count": count}
    reply = studio.post("/api/generate/batch", json=body).raise_for_status()
    return str(reply.json()["batch_id"])


def _cpu(process: psutil.Process) -> float:
    """Seconds a process has computed so far, in all its threads."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _cpu_of_children(process: psutil.Process) -> float:
    return sum(map(_cpu, process.children(recursive=True)))


class Page:
    """Follows the event stream as an open page does, and knows which batches are done."""

    def __init__(self, address: str):
        self._address = httpx.URL(address)
        self._done: set[str] = set()
        self._news = threading.Condition()
        self._fault = ""
        threading.Thread(target=self._follow, daemon=True).start()

    def await_batches(self, batch_ids: list[str]) -> None:
        """Return when every one of them is done."""
        wanted = set(batch_ids)
        with self._news:
            if not self._news.wait_for(lambda: wanted <= self._done or self._fault, PATIENCE):
                raise SystemExit(f"{len(wanted - self._done)} batches not done in {PATIENCE} s")
        if self._fault:
            raise SystemExit(self._fault)

    def _follow(self) -> None:
        connection = http.client.HTTPConnection(self._address.host, self._address.port)
        connection.request("GET", "/api/events")
        for line in connection.getresponse():
            if line.startswith(b"data:") and b'"batch"' in line:
                self._note(json.loads(line[len("data:") :]))
        with self._news:
            self._fault = "the event stream ended"
            self._news.notify_all()

    def _note(self, event: dict[str, Any]) -> None:
        if (
            event["type"] != "batch"
            or event["done_count"] + event["failed_count"] < event["total_count"]
        ):
            return
        with self._news:
            if event["failed_count"]:
                self._fault = f"{event['failed_count']} images failed"
            self._done.add(event["batch_id"])
            self._news.notify_all()


@contextmanager
def farm(count: int) -> Iterator[list[str]]:
    """Addresses of that many servers that take no time, in a process of their own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.farm", "--servers", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        root = process.stdout.readline().split()[-1]
        yield [f"{root}/{number}" for number in range(1, count + 1)]
    finally:
        process.kill()
        process.communicate()
