"""How a server is doing, in the words the page and the REST use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ServerState = Literal["online", "busy", "draining", "offline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One server at one moment; memory in bytes, None where it is not known.

    ``reason`` says why it is not online, ``waiting`` why it does not take the images that wait;
    both are sentences, empty where there is nothing to say.
    """

    name: str
    url: str
    state: ServerState
    reason: str = ""
    queue_running: int = 0
    queue_pending: int = 0
    vram_total: int | None = None
    vram_free: int | None = None
    loaded_checkpoint: str | None = None
    images_per_minute: float | None = None
    checkpoints: tuple[str, ...] = ()
    waiting: str = ""
