"""``vibes preferences``: what the studio learned, out, in, and at a glance."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from vibes.errors import InvalidInput
from vibes.preferences.lines import is_lines, read_lines, split_lines
from vibes.settings import Settings, load_settings

from . import prior
from .connection import StudioRefused, connect
from .options import DataDir, require_database, text
from .prior import read_file, refused
from .terminal import note, percent, show, show_table, write_file

EXPORT, IMPORT = "/api/preferences/export", "/api/preferences/import"
PART = 32 * 2**20
"""Bytes of JSON Lines sent at once: half of what the studio takes."""
TOO_LARGE = 413
FINGERPRINT = 12
"""Letters of a fingerprint that are shown."""

Format = Literal["json", "jsonl"]
Named = Annotated[
    str | None, typer.Option(metavar="NAME", callback=text, help="Everything made with it.")
]

group = typer.Typer(help="What the studio learned from your picks.", no_args_is_help=True)
group.add_typer(prior.group, name="prior")


@group.command("export")
def export_(
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write here instead of standard output."),
    ] = None,
    format_: Annotated[
        Format,
        typer.Option("--format", help="One JSON document, or JSON Lines for a long history."),
    ] = "json",
    data_dir: DataDir = None,
) -> None:
    """Write every preference as JSON.

    `vibes preferences import` reads it, here or elsewhere.
    """
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    content, told = asyncio.run(_exported(settings, format_))
    if out is None:
        show(content)
        return
    write_file(out, f"{content}\n".encode())
    note(f"{told} written to {out}.")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file from `vibes preferences export`.")],
    data_dir: DataDir = None,
) -> None:
    """Learn from an exported file.

    A file with a mistake changes nothing; importing the same one twice changes nothing more.
    """
    document = read_file(file)
    try:
        imported = asyncio.run(_import(load_settings(data_dir=data_dir), document))
    except StudioRefused as error:
        hint = " Of `export --format jsonl` any length can be imported."
        raise refused(file, error, hint if error.status == TOO_LARGE else "") from error
    except InvalidInput as error:
        raise refused(file, error) from error
    show(f"{imported} new preferences imported from {file}.")


@group.command()
def rebuild(data_dir: DataDir = None) -> None:
    """Learn everything anew from the stored events.

    Nothing should come out otherwise than it was; exit code 1 when something does.
    """
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    told = asyncio.run(_post(settings, "/api/preferences/rebuild"))
    speed = f"{_events(told['events'])} in {told['seconds']:.1f} s"
    before, after = (told[which][:FINGERPRINT] for which in ("before", "after"))
    if not told["same"]:
        note(f"{speed}: not what was there before ({before}), but {after}.")
        raise typer.Exit(1)
    show(f"{speed}: the same as before, bit for bit ({after}).")


@group.command()
def forget(
    lora: Named = None,
    checkpoint: Named = None,
    keyword: Annotated[
        str | None, typer.Option(callback=text, help="With all keywords it is a word of.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", callback=text, help="A day or time, ISO 8601.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", callback=text, help="A day counts as a whole.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All that was learned.")] = False,
    profile: Annotated[
        str | None, typer.Option(callback=text, help="Of this profile alone; else of all.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Forget a LoRA, a checkpoint, a keyword, a period or everything.

    It is taken out of what is stored, for good; only the studio that is running now can still
    undo it, until it stops. Pictures and sessions stay.
    """
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    what = {"lora": lora, "checkpoint": checkpoint, "keyword": keyword, "since": since}
    request = {**what, "until": until, "everything": everything, "profile": profile}
    asyncio.run(_forget(settings, request, ask=not yes))


@group.command()
def undo(
    token: Annotated[str, typer.Argument(callback=text, help="As `forget` told it.")],
    data_dir: DataDir = None,
) -> None:
    """Put back what the running studio forgot last."""
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    told = asyncio.run(_post(settings, "/api/preferences/undo", {"undo": token}))
    count = told["count"]
    show(f"{_events(count)} {'is as it was' if count == 1 else 'are as they were'}.")


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


async def _get(settings: Settings, path: str) -> Any:
    async with connect(settings) as studio:
        return await studio.get(path)


async def _post(settings: Settings, path: str, body: Any = None) -> Any:
    async with connect(settings) as studio:
        return await studio.post(path, body, patient=True)


async def _exported(settings: Settings, format_: Format) -> tuple[str, str]:
    """What to write, without the last line's end, and what it is."""
    async with connect(settings) as studio:
        if format_ == "jsonl":
            lines = (await studio.download(EXPORT, format=format_)).decode().rstrip("\n")
            return lines, _events(lines.count("\n"))
        document = await studio.get(EXPORT)
        content = json.dumps(document, indent=2, ensure_ascii=False)
        return content, f"{document['total_preferences']} preferences"


async def _import(settings: Settings, document: bytes) -> int:
    """Lines go in parts, once all of them were read: a request holds only so much."""
    parts: Iterable[bytes] = [document]
    if is_lines(document) and len(document) > PART:
        read_lines(document)
        parts = split_lines(document, PART)
    async with connect(settings) as studio:
        return sum([(await studio.upload(IMPORT, part))["imported"] for part in parts])


async def _forget(settings: Settings, request: dict[str, Any], *, ask: bool) -> None:
    path = "/api/preferences/forget"
    async with connect(settings) as studio:
        if ask:
            concerned = await studio.post(path, request, patient=True)
            if not concerned["count"]:
                note("Nothing was learned about it.")
                return
            question = f"Take it out of {_events(concerned['count'])} for good?"
            typer.confirm(question, abort=True, err=True)
        told = await studio.post(path, {**request, "confirm": True}, patient=True)
        show(f"Taken out of {_events(told['count'])}.")
        if told["undo"] and studio.lasts:
            note(f"Until the studio stops: `vibes preferences undo {told['undo']}` puts it back.")


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"
