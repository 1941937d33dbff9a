"""A studio's process for nodes to learn with: killed and started again at the same address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port

SCRIPT = """
import sys
from pathlib import Path
from companion_app.app import build_app
from companion_app.serving import WebServer
from vibes.settings import load_settings
import socket
data, port, token = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", int(port)))
app = build_app(load_settings(data_dir=Path(data), servers=[]), token=token or None, page=False)
WebServer(app, lambda: None).run(sockets=[listener])
"""
PATIENCE = 60  # seconds


@dataclass
class StudioProcess:
    """``vibes serve`` without servers and page."""

    data_dir: Path
    token: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        variables = {k: v for k, v in os.environ.items() if not k.startswith("VIBES_")}
        command = [sys.executable, "-c", SCRIPT, str(self.data_dir), str(self.port), self.token]
        self.process = subprocess.Popen(command, env=variables)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            self.ask("/health")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def kill(self) -> None:
        """End it as the power does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return [json.loads(line) for line in reply.read().splitlines()]

    def rated(self) -> list[str]:
        """The pictures whose ratings it has, in its order; of each the last."""
        _, *events = self.ask("/api/preferences/export?format=jsonl")
        return [event["image"] for event in events]

    def learns(self, learning: bool) -> None:
        self.ask("/api/profiles/default", {"learning": learning}, "PUT")


def eventually(truth: Callable[[], Any], what: str = "") -> Any:
    """What a condition gave at last."""
    deadline = time.monotonic() + PATIENCE
    while not (found := truth()):
        assert time.monotonic() < deadline, what or truth
        time.sleep(0.05)
    return found
