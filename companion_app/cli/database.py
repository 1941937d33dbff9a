"""``vibes db``: the data directory itself."""

from __future__ import annotations

import typer

from vibes.settings import load_settings

from .options import DataDir, require_database
from .terminal import note, show

group = typer.Typer(help="Look after the database.", no_args_is_help=True)


@group.callback()
def _group() -> None:
    """Keep `check` a command of its own, however many there are."""


@group.command()
def check(data_dir: DataDir = None) -> None:
    """Check database and picture files.

    Exit code 1 when the database is damaged or the files do not agree with it.
    """
    # Here and not above: the other commands leave storage to the studio.
    from vibes.storage import check as check_storage

    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    directory = settings.data_dir
    faults = check_storage(directory)
    for fault in faults:
        note(fault)
    if faults:
        raise typer.Exit(1)
    show(f"The database in {directory} is sound and agrees with its picture files.")
