"""The command ``vibes`` and its groups."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from . import (
    database,
    generate,
    models,
    preferences,
    queue,
    render_server,
    score,
    scoring,
    servers,
    serving,
    workflows,
)
from .terminal import show

app = typer.Typer(
    help="One image studio over all your ComfyUI servers: drafts, picks, and a taste it learns.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich"
    if sys.stdout and sys.stdout.isatty()
    else None,  # a pipe gets plain text
    pretty_exceptions_enable=False,
)
app.command("demo")(serving.demo)
app.command("serve")(serving.serve)
app.add_typer(servers.group, name="servers")
app.command("queue")(queue.queue)
app.command("generate")(generate.generate)
app.add_typer(workflows.group, name="workflows")
app.add_typer(models.group, name="loras")
app.command("checkpoints")(models.checkpoints)
app.command("analyze")(models.analyze)
app.add_typer(preferences.group, name="preferences")
app.command("score")(score.score)
app.add_typer(scoring.group, name="scoring")
app.add_typer(database.group, name="db")
app.command("embedded")(render_server.embedded)


def _show_version(asked: bool) -> None:
    if asked:
        try:
            show(f"vibes {version('vibes-imgen')}")
        except PackageNotFoundError:
            show("vibes, not installed: run `python install.py setup`")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options before any command."""
