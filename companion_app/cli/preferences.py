"""``vibes preferences``: what the studio learned, out, in, and at a glance."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vibes.errors import InvalidInput
from vibes.settings import Settings, load_settings

from .connection import StudioRefused, connect
from .options import DataDir, require_database
from .terminal import note, percent, show, show_table, write_file

group = typer.Typer(help="What the studio learned from your picks.", no_args_is_help=True)


@group.command("export")
def export_(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write here instead of standard output."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write every preference as JSON.

    `vibes preferences import` reads it, here or elsewhere.
    """
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    document = asyncio.run(_get(settings, "/api/preferences/export"))
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if out is None:
        show(text)
        return
    write_file(out, f"{text}\n".encode())
    note(f"{document['total_preferences']} preferences written to {out}.")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file from `vibes preferences export`.")],
    data_dir: DataDir = None,
) -> None:
    """Learn from an exported file.

    A file with a mistake changes nothing; importing the same one twice changes nothing more.
    """
    document = _read(file)
    try:
        reply = asyncio.run(_upload(load_settings(data_dir=data_dir), document))
    except StudioRefused as error:
        raise StudioRefused(f"{file} was refused: {error}", status=error.status) from error
    show(f"{reply['imported']} new preferences imported from {file}.")


@group.command()
def stats(data_dir: DataDir = None) -> None:
    """Show how much was learned and which checkpoints win."""
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    learned = asyncio.run(_get(settings, "/api/preferences/stats"))
    actions = ", ".join(f"{count} {name}" for name, count in learned["action_counts"].items())
    note(f"{learned['total_preferences']} preferences" + (f": {actions}." if actions else "."))
    rows = [
        (top["checkpoint"], percent(top["selection_rate"]), top["selected"], top["total"])
        for top in learned["top_checkpoints"]
    ]
    show_table("Top checkpoints", ("checkpoint", "selection rate", "selected", "shown"), rows)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error


async def _get(settings: Settings, path: str) -> Any:
    async with connect(settings) as studio:
        return await studio.get(path)


async def _upload(settings: Settings, document: bytes) -> dict[str, Any]:
    async with connect(settings) as studio:
        reply: dict[str, Any] = await studio.upload("/api/preferences/import", document)
        return reply
