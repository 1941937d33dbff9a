"""What commands print: tables for people, tab-separated lines for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import typer
from rich.console import Console
from rich.table import Table


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


def percent(share: float) -> str:
    """0.75 as 75 %."""
    return f"{share:.0%}"
