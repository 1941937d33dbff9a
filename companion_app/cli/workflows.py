"""``vibes workflows``: what pictures are made with, and bringing one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from vibes.errors import InvalidInput
from vibes.settings import load_settings

from .connection import StudioClient, connect
from .options import Config, DataDir, text
from .terminal import STANDARD_OUTPUT, show, show_table, write_file

group = typer.Typer(
    help="The workflows pictures are made with: list them, add your own, fetch, remove.",
    no_args_is_help=True,
)
COLUMNS = ("name", "from", "starts from", "stages", "slots", "cannot run on")
WORKFLOWS = "/api/workflows"
FILE = f"{WORKFLOWS}/file"

Name = Annotated[str, typer.Argument(callback=text, help="The workflow's name.")]


@group.command("list")
def list_all(config: Config = None, data_dir: DataDir = None) -> None:
    """List all workflows with what the studio may fill in and which servers cannot run them."""
    found = _run(config, data_dir, lambda studio: studio.get(WORKFLOWS))
    show_table("Workflows", COLUMNS, [_row(workflow) for workflow in found])


@group.command()
def add(
    file: Annotated[Path, typer.Argument(help="What the graph editor saved, or a picture.")],
    name: Annotated[
        str | None, typer.Option(callback=text, help="What to call it. [default: as the file]")
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add your own workflow, marked by Studio Input and Studio Output nodes.

    Takes a file of the graph editor, one of its Workflow → Export (API), or a PNG or WebP that
    ComfyUI made with the workflow.
    """
    data, called = _read(file), name or file.stem
    added = _run(config, data_dir, lambda studio: studio.send_file(FILE, data, name=called))
    show(f"{added['name']} is added. The studio fills in: {', '.join(added['slots'])}.")
    for server in added["servers"]:
        if server["lacks"]:
            show(f"{server['name']} cannot run it: it lacks {', '.join(server['lacks'])}.")


@group.command("show")
def fetch(
    name: Name,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write; - prints.")] = (
        STANDARD_OUTPUT
    ),
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Print a workflow as it was added, for the graph editor."""
    data = _run(config, data_dir, lambda studio: studio.download(_path(name)))
    if out == STANDARD_OUTPUT:
        show(data.decode(errors="replace"))  # a damaged one is shown, too
    else:
        write_file(out, data)


@group.command()
def remove(name: Name, config: Config = None, data_dir: DataDir = None) -> None:
    """Remove a workflow you added; the pictures made with it stay."""
    _run(config, data_dir, lambda studio: studio.delete(_path(name)))
    show(f"{name} is removed.")


def _path(name: str) -> str:
    return f"{WORKFLOWS}/{quote(name, safe='')}"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error


def _run(
    config: Path | None, data_dir: Path | None, ask: Callable[[StudioClient], Awaitable[Any]]
) -> Any:
    settings = load_settings(config, data_dir=data_dir)

    async def run() -> Any:
        async with connect(settings) as studio:
            return await ask(studio)

    return asyncio.run(run())


def _row(workflow: dict[str, Any]) -> list[object]:
    lacking = [
        f"{server['name']} ({', '.join(server['lacks'])})"
        for server in workflow["servers"]
        if server["lacks"]
    ]
    return [
        workflow["name"],
        {"own": "you", "shipped": "Vibes"}[workflow["source"]],
        workflow["starts_from"],
        ", ".join(workflow["stages"]),
        workflow["problem"] or " ".join(workflow["slots"]),
        ", ".join(lacking),
    ]
