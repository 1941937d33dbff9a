"""The command line: ``vibes …``, one module per group of commands."""

from __future__ import annotations

from .commands import app
from .connection import exit_code

__all__ = ["app", "exit_code"]
