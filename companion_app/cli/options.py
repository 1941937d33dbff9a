"""Options that several commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
