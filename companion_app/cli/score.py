"""``vibes score``: a folder of pictures, scored: which ones show what was asked?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from vibes.settings import load_settings

from .options import Config, DataDir, text


def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of pictures.")],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="The folders in it, too.")
    ] = False,
    prompt_from: Annotated[
        str,
        typer.Option(
            metavar="metadata|sidecar|TEXT",
            callback=text,
            help="What each picture should show: as its file tells, as a file beside it tells, "
            "or this text.",
        ),
    ] = "metadata",
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR",
            callback=text,
            help="Which model looks: fast, default, best, or a folder. [default: as the settings "
            "say]",
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Score here, or on a cluster by Ray Data.")
    ] = "local",
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Show groups of nearly the same picture.")
    ] = False,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", callback=text, help="Show the pictures nearest to words."),
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Show the pictures nearest to a picture.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 5,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every score as JSON; - for output.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every score as CSV; - for output.")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Score a folder of pictures: which show what was asked?

    Stop it at any time: run again, it goes on where it was. What is known of a picture is kept in
    the data directory.
    """
    # Here and not above: every command and every process that reads pictures imports this module.
    from .score_folder import Wanted, score_folder

    score_folder(
        folder,
        Wanted(duplicates, search, like, count, json, csv),
        load_settings(config, data_dir=data_dir),
        recursive=recursive,
        prompt_from=prompt_from,
        model=model,
        engine=engine,
    )
