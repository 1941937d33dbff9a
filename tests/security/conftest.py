"""Two studios as processes of their own: one behind a token, one for this machine only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SERVER_SECRETS = ("pa55word-in-the-address", "s3cret-in-a-header")
CONFIG = f"""
servers:
  - name: hidden
    url: http://user:{SERVER_SECRETS[0]}@127.0.0.1:9
    headers: {{X-Key: {SERVER_SECRETS[1]}}}
"""


@dataclass(frozen=True)
class Studio:
    """A running studio, and what it wrote."""

    url: str  # without the token
    data: Path
    log: Path
    token: str | None = None

    @property
    def netloc(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    @property
    def bearer(self) -> dict[str, str]:
        """The header that opens it."""
        return {"authorization": f"Bearer {self.token}"}

    def client(self, **options: Any) -> httpx.Client:
        """A client that brings no token."""
        return httpx.Client(base_url=self.url, timeout=20, trust_env=False, **options)


@contextmanager
def running(data: Path, *, token_file: Path | None = None) -> Iterator[Studio]:
    """``vibes serve`` with its page, until the block ends."""
    config, log = data / "studio.yaml", data / "log"
    config.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-m", "companion_app", "serve", "--port", "0"]
    command += ["--config", str(config), "--data-dir", str(data / "data")]
    command += ["--token-file", str(token_file)] if token_file else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIBES_")}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**kept, "PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        assert process.stdout
        said = process.stdout.readline().split()
        assert said, log.read_text()
        address = httpx.URL(said[4])
        token = address.params.get("token")
        try:
            yield Studio(str(address.copy_with(path="", query=None)), data / "data", log, token)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio that asks everybody for its token."""
    data = tmp_path_factory.mktemp("guarded")
    with running(data, token_file=data / "token") as studio:
        yield studio


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio without a token, for this machine only."""
    with running(tmp_path_factory.mktemp("local")) as studio:
        yield studio
