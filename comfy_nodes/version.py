"""Which version of the pack this is."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)


@cache
def pack_version() -> str:
    """As installed, or as the checkout says."""
    try:
        return version("vibes-imgen")
    except PackageNotFoundError:  # a checkout that nobody installed, as in custom_nodes
        found = _VERSION.search(_PROJECT.read_text(encoding="utf-8"))
        return found[1] if found else "unknown"
