"""Options that several commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vibes.errors import StorageError
from vibes.settings import Settings

NO_SERVERS = (
    "No servers are configured: name them in a file and pass it with --config (see README), or "
    "start `vibes demo` and use its --data-dir."
)


def require_database(settings: Settings) -> None:
    """StorageError where no studio has been: a command that only reads makes no database."""
    if not (settings.data_dir / "vibes.db").is_file():
        raise StorageError(
            f"{settings.data_dir} holds no Vibes database. Check --data-dir and VIBES_DATA_DIR; "
            "a studio makes the database when it first runs."
        )


def text(value: str | None) -> str | None:
    """Refuse what is no text: the shell hands over bytes, and these are not UTF-8."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("this is not text in UTF-8.") from error
    return value


def texts(values: list[str] | None) -> list[str] | None:
    """The same of an option that may be given several times."""
    for value in values or ():
        text(value)
    return values


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="YAML file with your servers and other settings; replaces what config/*.yaml say.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Where pictures and the database live. [env: VIBES_DATA_DIR]",
        show_default=False,
    ),
]
Host = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Address to listen on. [default: 127.0.0.1]"),
]
Port = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, max=65535, help="Port to listen on. [default: 7860]"),
]
