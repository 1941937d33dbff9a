"""``vibes queue``: what waits and what is being made, in which order."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from vibes.settings import Settings, load_settings

from .connection import connect
from .options import Config, DataDir, require_database
from .terminal import note, show_table

COLUMNS = ("batch", "session", "prompt", "state", "priority", "done", "running on", "time left")
PROMPT_WIDTH = 60


def queue(config: Config = None, data_dir: DataDir = None) -> None:
    """Show what waits and what is being made.

    Batches in the order they will be made, then those with failed pictures. Asks the running
    studio; without one, the work goes on for as long as it takes to look.
    """
    settings = load_settings(config, data_dir=data_dir)
    require_database(settings)
    view = asyncio.run(_queue(settings))
    if not view["batches"]:
        note("Nothing waits and nothing has failed.")
    show_table("Queue", COLUMNS, [_row(batch) for batch in view["batches"]])
    if view["seconds_left"] is not None:
        note(f"All done in about {_clock(view['seconds_left'])}.")


async def _queue(settings: Settings) -> dict[str, Any]:
    async with connect(settings) as studio:
        view: dict[str, Any] = await studio.get("/api/queue")
        return view


def _row(batch: dict[str, Any]) -> list[object]:
    failed = f", {batch['failed_count']} failed" if batch["failed_count"] else ""
    left = batch["seconds_left"]
    return [
        batch["id"],
        batch["session_name"],
        " ".join(batch["prompt"].split())[:PROMPT_WIDTH],
        batch["state"],
        batch["priority"],
        f"{batch['done_count']} of {batch['total_count']}{failed}",
        _running(batch["images"]),
        "" if left is None else _clock(left),
    ]


def _running(images: list[dict[str, Any]]) -> str:
    begun = [image for image in images if image["phase"] not in (None, "waiting")]
    servers = Counter(image["server"] for image in begun if image["server"])
    return ", ".join(f"{name} ({count})" for name, count in servers.items())


def _clock(seconds: float) -> str:
    """65.2 as 1:06."""
    minutes, left = divmod(int(seconds + 0.999), 60)
    return f"{minutes}:{left:02}"
