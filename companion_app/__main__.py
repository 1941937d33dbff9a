"""``python -m companion_app`` and the command ``vibes``."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

import typer

from companion_app.cli import app, exit_code
from vibes.errors import VibesError


def main() -> None:
    """Run the command line; a deliberate error becomes a line per sentence and an exit code."""
    if sys.stdout is None:
        _end("Standard output is closed: there is nowhere to write to.", 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal knows every name
    try:
        app(prog_name="vibes")
    except VibesError as error:
        _end(str(error), exit_code(error))
    except OSError as error:
        if error.filename is not None:  # of a file, not of the output: a fault of ours
            raise
        _drop_output()
        _end(f"Standard output cannot be written: {error.strerror}.", 1)


def _end(told: str, code: int) -> NoReturn:
    for line in told.splitlines():
        typer.echo(f"vibes: {line}", err=True)
    sys.exit(code)


def _drop_output() -> None:
    """Else Python tries to write the rest at its end, and complains."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
