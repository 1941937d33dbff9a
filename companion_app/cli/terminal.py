"""What commands print: tables for people, tab-separated lines for programs."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from vibes.errors import InvalidInput, VibesError

STANDARD_OUTPUT = Path("-")
"""Where a command is to write for a file named ``-``."""

_DISK_FAILS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class OutputLost(VibesError):
    """What was asked for was made, but could not be written."""

    code = "output_lost"


def show(line: str) -> None:
    """One line on standard output."""
    typer.echo(line)


def note(line: str) -> None:
    """One line on standard error: not part of the result."""
    typer.echo(line, err=True)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; where nobody looks, plain lines with the columns' names first."""
    console = Console()
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not console.is_terminal:
        for line in [columns, *texts]:
            typer.echo("\t".join(line))
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in texts:
        table.add_row(*row)
    console.print(table, markup=False)


def write_file(file: Path, data: bytes) -> None:
    """Raises InvalidInput for a place that cannot be written, OutputLost for a failing disk."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise _unwritten(file, error) from error


def write_lines(file: Path, lines: Iterable[str]) -> None:
    """Lines as they come, to standard output for ``-``; raises as ``write_file`` does."""
    if file == STANDARD_OUTPUT:
        for line in lines:
            show(line)
        return
    try:
        with file.open("w", encoding="utf-8") as out:
            out.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise _unwritten(file, error) from error


def _unwritten(file: Path, error: OSError) -> VibesError:
    kind = OutputLost if error.errno in _DISK_FAILS else InvalidInput
    return kind(f"{file} cannot be written: {error.strerror}.")


def percent(share: float) -> str:
    """0.75 as 75 %."""
    return f"{share:.0%}"
