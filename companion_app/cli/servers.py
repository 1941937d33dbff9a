"""``vibes servers``: what every server is doing."""

from __future__ import annotations

import asyncio
from typing import Any

from vibes.settings import Settings, load_settings

from .connection import connect
from .options import NO_SERVERS, Config, DataDir, require_database
from .terminal import note, show_table

GIB = 1024**3
COLUMNS = ("name", "state", "queue", "images/min", "VRAM free", "checkpoint", "url", "reason")


def servers(config: Config = None, data_dir: DataDir = None) -> None:
    """Show what every server is doing.

    State, queue, speed, memory and loaded checkpoint of each configured server.
    Asks the running studio; without one, the servers are tried once from here.
    """
    settings = load_settings(config, data_dir=data_dir)
    if data_dir is not None:
        require_database(settings)
    states = asyncio.run(_states(settings))
    if not states:
        note(NO_SERVERS)
    show_table("Servers", COLUMNS, [_row(server) for server in states])


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
