"""A real ComfyUI with this checkout as its node pack, and how long it takes for a graph."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.comfyui.servers import (
    CHECKPOINTS,
    REPOSITORY,
    ComfyUI,
    Installation,
    add_models,
    command,
    stop,
    wait_until_ready,
)
from tests.ports import free_port

from .graphs import Graph

PATIENCE = 120  # seconds for one run
_CACHED = "execution_cached"


class Server:
    """Runs graphs one after the other."""

    def __init__(self, url: str, base: Path):
        self.base = base
        self._url = url

    def milliseconds(self, graph: Graph, *, workflow: object = None) -> float:
        """How long the graph ran, as the server measures it; raises RuntimeError if it failed."""
        messages = self.run(graph, workflow=workflow)["status"]["messages"]
        times = {event: data["timestamp"] for event, data in messages}
        return float(times["execution_success"] - times["execution_start"])

    def run(self, graph: Graph, *, workflow: object = None) -> dict[str, Any]:
        """The history of one run; ``workflow`` is what the editor sends beside a graph."""
        prompt_id = uuid4().hex
        beside = {"extra_pnginfo": {"workflow": workflow}} if workflow else {}
        self._call("/prompt", {"prompt": graph, "prompt_id": prompt_id, "extra_data": beside})
        deadline = time.monotonic() + PATIENCE
        while prompt_id not in (history := self._call(f"/history/{prompt_id}")):
            if time.monotonic() > deadline:
                raise RuntimeError(f"No end of a run in {PATIENCE} seconds.")
            time.sleep(0.01)
        entry: dict[str, Any] = history[prompt_id]
        if entry["status"]["status_str"] != "success":
            raise RuntimeError(f"A run failed: {entry['status']['messages'][-1]}")
        return entry

    def _call(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data)
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)


def cached_nodes(entry: dict[str, Any]) -> set[str]:
    """The nodes a run took from the server's cache, by its history."""
    messages = entry["status"]["messages"]
    return {
        name for event, data in messages if event == "execution_cached" for name in data["nodes"]
    }


@contextmanager
def server_with_pack(comfyui: Installation, base: Path) -> Iterator[Server]:
    """Start a server with tiny checkpoints and this checkout as its pack; end it afterwards."""
    for folder in ("custom_nodes", "input", "output", "user", "temp"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    add_models(base, CHECKPOINTS[:2])
    (base / "custom_nodes" / "vibes-imgen").symlink_to(REPOSITORY, target_is_directory=True)
    port = free_port()
    server = ComfyUI("benchmark", f"http://127.0.0.1:{port}", base)
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            command(comfyui, base, port),
            cwd=comfyui.directory,
            stdin=subprocess.PIPE,  # its end of file tells the server that we are gone
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_ready(server, process)
            yield Server(server.url, base)
        finally:
            stop(process)
