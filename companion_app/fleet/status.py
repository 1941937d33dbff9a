"""How servers and jobs are doing, in the words the page and the REST use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ServerState = Literal["online", "busy", "draining", "offline"]
JobPhase = Literal["waiting", "preparing", "queued", "running", "storing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long a server takes for one image of a kind, in seconds; sizes in pixels."""

    tier: str
    width: int
    height: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """An image a server has in hand."""

    image_id: str
    batch_id: str
    phase: JobPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One server at one moment; memory in bytes, None where it is not known.

    ``reason`` says why it takes nothing, ``waiting`` why it does not take the images that wait;
    both are sentences, empty where there is nothing to say. ``switch_seconds`` is what loading
    another checkpoint costs, ``resting_seconds`` how long it is still left alone after failures.
    """

    name: str
    url: str
    state: ServerState
    reason: str = ""
    draining: bool = False
    device: str = ""
    version: str = ""
    queue_running: int = 0
    queue_pending: int = 0
    vram_total: int | None = None
    vram_free: int | None = None
    loaded_checkpoint: str | None = None
    images_per_minute: float | None = None
    speeds: tuple[Speed, ...] = ()
    switch_seconds: float | None = None
    resting_seconds: float | None = None
    checkpoints: tuple[str, ...] = ()
    images: tuple[Making, ...] = ()
    waiting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An open job at one moment.

    ``done_in`` is a forecast in seconds, None while no speed is known or nobody can make it;
    ``why`` has a sentence for each server that will not take it.
    """

    job_id: str
    batch_id: str
    server: str | None
    phase: JobPhase
    attempt: int
    done_in: float | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a server that was only asked who it is has to offer; ``pack``: our nodes are there."""

    version: str
    device: str
    vram_total: int | None
    checkpoints: int
    loras: int
    nodes: int
    pack: bool
    seconds: float
