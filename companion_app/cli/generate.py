"""``vibes generate``: one grid from the command line, its pictures into a folder."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vibes.errors import InvalidInput, NoServerCan
from vibes.settings import AspectRatio, Settings, load_settings

from .connection import StudioClient, StudioRefused, connect
from .options import NO_SERVERS, Config, DataDir, text
from .terminal import note, show_table, write_file

POLL_SECONDS = 0.25
FINAL = {"done", "failed", "cancelled"}
COLUMNS = ("file", "checkpoint", "LoRAs", "seed", "server", "why")

Json = dict[str, Any]


def generate(
    prompt: Annotated[str, typer.Argument(callback=text, help="What the pictures show.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")],
    count: Annotated[int, typer.Option(min=1, max=200, help="How many pictures.")] = 20,
    negative: Annotated[
        str, typer.Option(metavar="TEXT", callback=text, help="What to keep out.")
    ] = "",
    aspect: Annotated[AspectRatio, typer.Option(help="Shape of the pictures.")] = "portrait",
    tier: Annotated[
        str | None,
        typer.Option(
            callback=text, help="Quality level, a tier of pools.yaml. [default: automatic]"
        ),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            callback=text,
            help="What to make them with; see `vibes workflows list`. [default: the first stage's]",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the best checkpoint, without exploring others.")
    ] = False,
    auto_lora: Annotated[
        bool, typer.Option("--auto-lora/--no-auto-lora", help="Let the studio add LoRAs.")
    ] = True,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the first picture. [default: random]")
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(metavar="ID", callback=text, help="Add to this session instead of a new one."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            callback=text, help="Whose taste decides in a new session. [default: default]"
        ),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Make a grid of pictures into a folder.

    Shows at the end what made each picture. Uses the running studio; without one it does the
    work itself. Ctrl+C cancels what is left.
    """
    request: Json = {
        "prompt": prompt,
        "negative_prompt": negative,
        "count": count,
        "aspect_ratio": aspect,
        "explore_mode": not quick,
        "auto_lora": auto_lora,
    }
    request.update(_given(tier=tier, template=workflow, seed=seed, session_id=session))
    settings = load_settings(config, data_dir=data_dir)
    _make_folder(out)
    try:
        images = asyncio.run(_generate(settings, request, profile=profile, out=out))
    except asyncio.CancelledError as stopped:
        raise typer.Exit(1) from stopped
    show_table("Pictures", COLUMNS, [_row(image, out) for image in images if image["url"]])
    _require_all(images)


async def _generate(
    settings: Settings, request: Json, *, profile: str | None, out: Path
) -> list[Json]:
    _cancel_on_signals()
    async with connect(settings) as studio:
        if not await studio.get("/api/gpus"):
            raise NoServerCan(NO_SERVERS)
        asked = asyncio.ensure_future(_ask(studio, request, profile=profile))
        try:
            return await _collect(studio, await asyncio.shield(asked), out)
        except asyncio.CancelledError:  # Ctrl+C, perhaps before the studio has answered
            await studio.post(f"/api/batches/{await asked}/cancel")
            note("Stopped: the rest of the grid is cancelled.")
            raise


async def _ask(studio: StudioClient, request: Json, *, profile: str | None) -> str:
    """Ask for the grid, in a new session unless one is named; gives the grid's id."""
    if "session_id" in request:
        return str((await studio.post("/api/generate/batch", request))["batch_id"])
    about = _given(name=request["prompt"].strip()[:60] or None, profile=profile)
    session = (await studio.post("/api/sessions", about))["id"]
    try:
        return await _ask(studio, {**request, "session_id": session}, profile=profile)
    except StudioRefused:
        await studio.delete(f"/api/sessions/{session}")
        raise


def _cancel_on_signals() -> None:
    """Let Ctrl+C and SIGTERM cancel this task alone, so that it can still talk to the studio."""
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    assert this is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: the loop knows no signals
            loop.add_signal_handler(number, this.cancel)


async def _collect(studio: StudioClient, batch_id: str, out: Path) -> list[Json]:
    """Save every picture as it comes; the images of the grid once nothing more will come."""
    saved: set[str] = set()
    columns = (TextColumn("Rendering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("")
        while True:
            batch = await studio.get(f"/api/batches/{batch_id}")
            images: list[Json] = batch["images"]
            for image in images:
                if image["url"] and image["id"] not in saved:
                    write_file(_file(image, out), await studio.download(image["url"]))
                    saved.add(image["id"])
            ended = batch["done_count"] + batch["failed_count"]
            progress.update(bar, completed=ended, total=batch["total_count"])
            if batch["state"] in FINAL:
                return images
            await asyncio.sleep(POLL_SECONDS)


def _given(**values: object) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"The folder {out} cannot be made: {error.strerror}.") from error


def _file(image: Json, out: Path) -> Path:
    return out / f"{image['index'] + 1:03}-{image['id'][:8]}.png"


def _row(image: Json, out: Path) -> list[object]:
    loras = ", ".join(f"{lora['name']} {lora['strength']:g}" for lora in image["loras"])
    file = _file(image, out).name
    return [file, image["checkpoint"], loras, image["seed"], image["server"], image["reason"]]


def _require_all(images: Sequence[Json]) -> None:
    """Exit 1 with the reasons when pictures are missing."""
    missing = [image for image in images if not image["url"]]
    if missing:
        note(f"{len(missing)} of {len(images)} pictures were not made.")
        for reason in dict.fromkeys(image["error"] for image in missing if image["error"]):
            note(f"  {reason}")
        raise typer.Exit(1)
