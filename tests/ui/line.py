"""The studio's queue by REST: filled, stopped and emptied around what a page does with it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import httpx

PATIENCE_SECONDS = 20


class Line:
    """The queue of the studio the pages of a test look at."""

    def __init__(self, studio_url: str):
        self._http = httpx.Client(base_url=studio_url, timeout=30)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The JSON of a reply that must be a success."""
        reply = self._http.request(method, path, json=body or None)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def session(self, name: str) -> str:
        return str(self.ask("POST", "/api/sessions", name=name)["id"])

    def submit(
        self, prompt: str, *, count: int, session: str | None = None, **overrides: Any
    ) -> str:
        """A grid of drafts; in a session of its own unless told otherwise."""
        session = session or self.session(f"Session of {prompt}")
        wish = {"session_id": session, "prompt": prompt, "count": count, "overrides": overrides}
        return str(self.ask("POST", "/api/generate/batch", **wish)["batch_id"])

    def batches(self) -> list[Any]:
        return list(self.ask("GET", "/api/queue")["batches"])

    def servers(self) -> list[Any]:
        return list(self.ask("GET", "/api/gpus"))

    def settled(self, batch_id: str) -> int:
        """How many images of a batch are done once no server has any of it."""
        for _ in range(PATIENCE_SECONDS * 20):
            batch = next(batch for batch in self.batches() if batch["id"] == batch_id)
            if batch["running_count"] == 0:
                return int(batch["done_count"])
            time.sleep(0.05)
        raise AssertionError(f"servers do not let go of {batch}")

    def emptied(self) -> None:
        """Return once nothing waits: the page does not wait for the last server to let go."""
        for _ in range(PATIENCE_SECONDS * 20):
            if not self.batches():
                return
            time.sleep(0.05)
        raise AssertionError(f"there are still {self.batches()}")

    def add(self, name: str, url: str) -> None:
        """Let one more server make pictures."""
        self.ask("POST", "/api/gpus", name=name, url=url)

    def stop(self) -> None:
        """Let no server begin anything new."""
        for server in self.servers():
            self.ask("POST", f"/api/gpus/{server['name']}/drain")

    def go(self) -> None:
        for server in self.servers():
            self.ask("POST", f"/api/gpus/{server['name']}/use")

    def close(self) -> None:
        """Leave the studio as it was: nothing waits, every server is used, none was added."""
        with closing(self._http):
            for batch in self.batches():
                if batch["state"] in ("queued", "running", "paused"):
                    self.ask("POST", f"/api/batches/{batch['id']}/cancel")
            for server in self.servers():
                if server["source"] == "page":
                    self.ask("DELETE", f"/api/gpus/{server['name']}")
            self.go()
