"""``vibes preferences prior``: where learning starts from."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from vibes.errors import InvalidInput, VibesError
from vibes.preferences.shared_prior import MIN_GRIDS
from vibes.settings import Settings, load_settings

from .connection import StudioRefused, connect
from .options import DataDir, require_database, text
from .terminal import note, show, show_table, write_file

group = typer.Typer(
    help="Start from what others learned, or help them start.", no_args_is_help=True
)

PRIOR = "/api/preferences/prior"


@group.command()
def build(
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    profile: Annotated[
        str, typer.Option(callback=text, help="The profile whose taste is told.")
    ] = "default",
    min_grids: Annotated[
        int, typer.Option(min=1, max=10_000, help="Leave out what was seen in fewer grids.")
    ] = MIN_GRIDS,
    data_dir: DataDir = None,
) -> None:
    """Write what a profile taught, for others to start from.

    It tells how models and single keywords fared: no prompts, no times, and nothing rare.
    """
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    document = asyncio.run(_build(settings, profile, min_grids))
    write_file(out, document)
    note(f"{len(json.loads(document)['features'])} features written to {out}.")


@group.command()
def use(
    file: Annotated[Path, typer.Argument(help="A file from `vibes preferences prior build`.")],
    data_dir: DataDir = None,
) -> None:
    """Start every profile from a built file; its own picks soon outweigh it."""
    document = read_file(file)
    try:
        told = asyncio.run(_use(load_settings(data_dir=data_dir), document))
    except StudioRefused as error:
        raise refused(file, error) from error
    show(f"Learning starts from the {told['features']} features of {file}.")


@group.command()
def drop(data_dir: DataDir = None) -> None:
    """Start from nothing again."""
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    asyncio.run(_drop(settings))
    show("Learning starts from nothing.")


@group.command("show")
def show_(data_dir: DataDir = None) -> None:
    """Show what learning starts from."""
    settings = load_settings(data_dir=data_dir)
    require_database(settings)
    document = asyncio.run(_prior(settings))
    if document is None:
        note("Learning starts from nothing: no prior is in use.")
        return
    kinds = Counter(kind for kind, *_ in document["features"])
    note(f"Everything in it was seen in {document['min_grids']} grids or more.")
    show_table("Prior", ("kind", "features"), kinds.items())


def read_file(file: Path) -> bytes:
    """Raises InvalidInput for a file that cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error


def refused(file: Path, error: VibesError, hint: str = "") -> VibesError:
    """The same refusal, naming the file; ``hint`` says what to do instead."""
    sentence = f"{file} was refused: {error}{hint}"
    if isinstance(error, StudioRefused):
        return StudioRefused(sentence, status=error.status)
    return InvalidInput(sentence)


async def _build(settings: Settings, profile: str, min_grids: int) -> bytes:
    async with connect(settings) as studio:
        return await studio.download(f"{PRIOR}/build", profile=profile, min_grids=min_grids)


async def _use(settings: Settings, document: bytes) -> dict[str, Any]:
    async with connect(settings) as studio:
        told: dict[str, Any] = await studio.upload(PRIOR, document)
        return told


async def _drop(settings: Settings) -> None:
    async with connect(settings) as studio:
        await studio.delete(PRIOR, patient=True)


async def _prior(settings: Settings) -> dict[str, Any] | None:
    async with connect(settings) as studio:
        document: dict[str, Any] | None = await studio.get(PRIOR)
        return document
