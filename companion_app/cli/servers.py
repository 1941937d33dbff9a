"""``vibes servers``: what every server is doing, and which ones there are."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from vibes.errors import InvalidInput
from vibes.settings import Settings, load_settings

from .connection import connect
from .options import NO_SERVERS, Config, DataDir, require_database, text, texts
from .terminal import note, show, show_table

GIB = 1024**3
Method = Literal["POST", "DELETE"]
COLUMNS = ("name", "state", "queue", "images/min", "VRAM free", "checkpoint", "url", "reason")


Name = Annotated[str, typer.Argument(callback=text, help="The server's name.")]
Url = Annotated[
    str, typer.Argument(callback=text, help="Its address, as in http://192.168.1.20:8188.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        callback=texts,
        help="Sent with every request, for a server behind a proxy; may be given several times.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="PEM file of the authority that signed the server's certificate."
    ),
]

group = typer.Typer(invoke_without_command=True)


@group.callback()
def servers(context: typer.Context, config: Config = None, data_dir: DataDir = None) -> None:
    """Show what every server is doing, or change which ones there are.

    Without a command: state, queue, speed, memory and loaded checkpoint of each server. Asks the
    running studio; without one, the servers are tried once from here.
    """
    if context.invoked_subcommand is not None:
        if config is not None or data_dir is not None:
            raise typer.BadParameter(
                f"Write --config and --data-dir after '{context.invoked_subcommand}'."
            )
        return
    settings = load_settings(config, data_dir=data_dir)
    if data_dir is not None:
        require_database(settings)
    states = asyncio.run(_states(settings))
    if not states:
        note(NO_SERVERS)
    show_table("Servers", COLUMNS, [_row(server) for server in states])


@group.command()
def add(
    name: Name,
    url: Url,
    header: Headers = None,
    ca_file: CaFile = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Add a server to the studio.

    It is kept in servers.yaml in the data directory, beside those of the configuration.
    """
    body = {"name": name, **_access(url, header, ca_file)}
    server = _ask(config, data_dir, "POST", "/api/gpus", body)
    show(f"{server['name']} at {server['url']} is added; it is {server['state']} now.")


@group.command("test")
def probe(
    url: Url,
    header: Headers = None,
    ca_file: CaFile = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Ask a server who it is, without adding it.

    Exit code 1 when it cannot be used.
    """
    told = _ask(config, data_dir, "POST", "/api/gpus/test", _access(url, header, ca_file))
    if not told["ok"]:
        note(f"vibes: {told['reason']}")
        raise typer.Exit(1)
    memory = f" with {told['vram_total'] / GIB:.1f} GiB" if told["vram_total"] else ""
    pack = "has" if told["pack"] else "does not have"
    show(
        f"ComfyUI {told['version']} on {told['device']}{memory}: {told['checkpoints']} checkpoints,"
        f" {told['loras']} LoRAs, {told['nodes']} nodes. It {pack} the nodes of Vibes and answered"
        f" in {told['seconds']:.1f} s."
    )


@group.command()
def remove(name: Name, config: Config = None, data_dir: DataDir = None) -> None:
    """Remove a server that was added; what it was making is made elsewhere."""
    _ask(config, data_dir, "DELETE", f"/api/gpus/{quote(name, safe='')}")
    show(f"{name} is removed.")


@group.command()
def drain(name: Name, config: Config = None, data_dir: DataDir = None) -> None:
    """Let a server finish what it has and take nothing new.

    It stays so, over restarts too, until `vibes servers use`.
    """
    _ask(config, data_dir, "POST", f"/api/gpus/{quote(name, safe='')}/drain")
    show(f"{name} takes nothing new. Use it again with: vibes servers use {name}")


@group.command()
def use(name: Name, config: Config = None, data_dir: DataDir = None) -> None:
    """Use a drained server again."""
    server = _ask(config, data_dir, "POST", f"/api/gpus/{quote(name, safe='')}/use")
    show(f"{name} is in use; it is {server['state']} now.")


def _access(url: str, header: list[str] | None, ca_file: Path | None) -> dict[str, Any]:
    headers: dict[str, str] = {}
    for line in header or ():
        name, colon, value = line.partition(":")
        if not colon:
            raise InvalidInput("A header is written as 'NAME: VALUE', with a colon.")
        headers[name.strip()] = value.strip()
    file = None if ca_file is None else str(ca_file.absolute())
    return {"url": url, "headers": headers, "ca_file": file}


def _ask(
    config: Path | None, data_dir: Path | None, method: Method, path: str, body: Any = None
) -> Any:
    settings = load_settings(config, data_dir=data_dir)

    async def ask() -> Any:
        async with connect(settings) as studio:
            if method == "DELETE":
                return await studio.delete(path)
            return await studio.post(path, body)

    return asyncio.run(ask())


async def _states(settings: Settings) -> list[dict[str, Any]]:
    async with connect(settings) as studio:
        states: list[dict[str, Any]] = await studio.get("/api/gpus")
        return states


def _row(server: dict[str, Any]) -> list[object]:
    speed, free, total = server["images_per_minute"], server["vram_free"], server["vram_total"]
    return [
        server["name"],
        server["state"],
        f"{server['queue_running']} + {server['queue_pending']}",
        f"{speed:.1f}" if speed else "",
        f"{free / GIB:.1f} of {total / GIB:.1f} GiB" if total else "",
        server["loaded_checkpoint"],
        server["url"],
        server["reason"],
    ]
