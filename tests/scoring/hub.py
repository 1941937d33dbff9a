"""A hub on this machine: serves folders as repositories, in the protocol of the real one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "c" * 40


@contextmanager
def serving(repositories: dict[str, Path]) -> Iterator[tuple[str, list[str]]]:
    """The address of a hub that has these repositories, and the files it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            for name, folder in repositories.items():
                if path.startswith(f"/api/models/{name}"):
                    return self._json(_described(name, folder), path)
                prefix = f"/{name}/resolve/"
                if path.startswith(prefix):
                    return self._file(folder / path.removeprefix(prefix).partition("/")[2])
            return self.send_error(404)

        def _json(self, described: dict[str, object], path: str) -> None:
            body = json.dumps(described["tree"] if "/tree/" in path else described).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _file(self, file: Path) -> None:
            if not file.is_file():
                return self.send_error(404)
            asked.append(f"{self.command} {file.name}")
            data = file.read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)
            return None

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def _described(name: str, folder: Path) -> dict[str, object]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {
        "id": name,
        "sha": COMMIT,
        "siblings": [{"rfilename": path.name} for path in files],
        "tree": [
            {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0" * 40}
            for path in files
        ],
    }
