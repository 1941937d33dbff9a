"""``studio.json``: where a running studio tells this user's commands its address and token."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .private_file import create_private

NAME = "studio.json"


@contextmanager
def announced(data_dir: Path, *, url: str, token: str | None) -> Iterator[None]:
    """Keep the announcement in ``data_dir`` for as long as this lasts."""
    create_private(data_dir / NAME, json.dumps({"url": url, "token": token, "pid": os.getpid()}))
    try:
        yield
    finally:
        withdraw(data_dir)


def withdraw(data_dir: Path) -> None:
    """Remove the announcement, if there is one."""
    (data_dir / NAME).unlink(missing_ok=True)
