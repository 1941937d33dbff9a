"""``vibes preferences``: what the studio learned, out, in, and at a glance."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vibes.errors import InvalidInput
from vibes.settings import Settings, load_settings

from .connection import connect
from .options import DataDir
from .terminal import note, percent, show, show_table

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
    document = asyncio.run(_get(load_settings(data_dir=data_dir), "/api/preferences/export"))
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if out is None:
        show(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}.") from error
    note(f"{document['total_preferences']} preferences written to {out}.")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file from `vibes preferences export`.")],
    data_dir: DataDir = None,
) -> None:
    """Learn from an exported file.

    A file with a mistake changes nothing; importing the same one twice changes nothing more.
    """
    document = _read_json(file)
    reply = asyncio.run(_post(load_settings(data_dir=data_dir), document))
    show(f"{reply['imported']} new preferences imported from {file}.")


@group.command()
def stats(data_dir: DataDir = None) -> None:
    """Show how much was learned and which checkpoints win."""
    learned = asyncio.run(_get(load_settings(data_dir=data_dir), "/api/preferences/stats"))
    actions = ", ".join(f"{count} {name}" for name, count in learned["action_counts"].items())
    note(f"{learned['total_preferences']} preferences" + (f": {actions}." if actions else "."))
    rows = [
        (top["checkpoint"], percent(top["selection_rate"]), top["selected"], top["total"])
        for top in learned["top_checkpoints"]
    ]
    show_table("Top checkpoints", ("checkpoint", "selection rate", "selected", "shown"), rows)


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}.") from error


async def _get(settings: Settings, path: str) -> Any:
    async with connect(settings) as studio:
        return await studio.get(path)


async def _post(settings: Settings, document: Any) -> dict[str, Any]:
    async with connect(settings) as studio:
        reply: dict[str, Any] = await studio.post("/api/preferences/import", document)
        return reply
