"""Studios and render servers as processes, forked from one that has imported what they need.

Run as a script it reads one order per line, as JSON, and answers each with the id of the process
it started for it: ``{"server": options, "log": path}`` or ``{"studio": options, "log": path}``.
When its standard input ends, so do all of them.

A studio is the one of ``vibes serve``, without the page. Told to ``die`` at a point it kills
itself there; the points are methods of production code, wrapped from outside.
"""

from __future__ import annotations

import inspect
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DYING_WORDS = "dies here: "
NEVER_FULL = 64 * 1024 * 1024  # bytes a file may have, of which a test takes most away

# Processes for thumbnails run this file again: all that is heavy is imported where it is used.


def main() -> None:
    """Obey until standard input ends, then take everybody along."""
    import companion_app.app
    import companion_app.embedded.process  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are nobody's zombies
    lifeline, held = os.pipe()
    children: list[int] = []
    for line in sys.stdin:
        children.append(_fork(json.loads(line), lifeline, held))
        sys.stdout.write(f"{children[-1]}\n")
        sys.stdout.flush()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _fork(order: dict[str, Any], lifeline: int, held: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(held)
        os.dup2(lifeline, 0)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (NEVER_FULL, NEVER_FULL))
        serve_images(**order["server"]) if "server" in order else serve_studio(**order["studio"])
    except BaseException:  # noqa: BLE001 – the last one to hear of it
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


# --- what is started ---------------------------------------------------------------------------


def serve_images(
    *,
    name: str,
    port: int,
    seconds: float,
    faults: list[str],
    raises: str,
    library: str,
    pack: bool,
) -> None:
    """An embedded server; a prompt with a word of ``faults`` makes its sampler raise ``raises``."""
    from companion_app.embedded import FULL_LIBRARY, PARTIAL_LIBRARY, nodes, process

    if raises:
        module, _, kind = raises.rpartition(".")
        nodes.RenderFault = type(kind, (RuntimeError,), {"__module__": module})
    process.create_app = partial(process.create_app, faults=faults, pack=pack)
    models = FULL_LIBRARY
    if library == "partial":
        models = PARTIAL_LIBRARY
    elif library == "other":
        models = models.without({file.name for file in models.checkpoints if "tiny" in file.name})
    process.run_embedded(
        port, name=name, seconds_per_image=seconds, exit_with_parent=True, models=models
    )


def serve_studio(
    *,
    data_dir: str,
    servers: list[dict[str, str]],
    fleet: dict[str, float],
    constants: dict[str, Any],
    die: str,
    turn: int,
) -> None:
    """``vibes serve`` on a free port; at the ``turn``-th passage of the point ``die`` it dies.

    ``fleet`` are options of the Fleet and its clients, ``constants`` the time limits in the fleet's
    modules by "module.NAME".
    """
    from companion_app import app
    from companion_app.fleet.client import ComfyClient
    from vibes.settings import load_settings

    threading.Thread(target=_end_with_lifeline, daemon=True).start()
    patience = fleet.pop("queue_seconds", None)
    if patience:
        new_client = partial(ComfyClient, queue_seconds=patience)
        app.Fleet = partial(app.Fleet, new_client=new_client)
    new_fleet = app.Fleet
    app.Fleet = lambda *given, **named: new_fleet(*given, **{**named, **fleet})
    for place, value in constants.items():
        _set_constant(place, value)
    if die:
        place_death(die, turn)
    app.build_app = partial(app.build_app, page=False)
    settings = load_settings(
        data_dir=Path(data_dir), servers=servers, port=0, default_tier="tiny_test"
    )
    app.serve(settings, on_ready=lambda url: print(f"ready at {url}", flush=True))  # noqa: T201


def _end_with_lifeline() -> None:
    with suppress(OSError):
        os.read(0, 1)
    os._exit(1)


def _set_constant(place: str, value: Any) -> None:
    from importlib import import_module

    import aiohttp

    module, _, name = place.rpartition(".")
    owner = import_module(f"companion_app.fleet.{module}")
    before = getattr(owner, name)  # one that is not there any more is told
    if isinstance(before, aiohttp.ClientTimeout):
        value = aiohttp.ClientTimeout(**value)
    setattr(owner, name, value)


# --- where a studio dies -----------------------------------------------------------------------

Death = Callable[..., None]
JOB_CALLS = ("submitted", "collected", "failed", "cancelled", "returned")
POINTS = (
    "before planned",
    "after planned",
    "after the post",
    *(f"{side} {call}" for call in JOB_CALLS for side in ("before", "after")),
    "original half written",
    "original written",
    "thumbnail half written",
    "thumbnail written",
    *(f"{state} unannounced" for state in ("submitted", "collected", "failed", "cancelled")),
    "before the event",
    "after the event",
)


def place_death(point: str, turn: int) -> None:
    """Have this process die when it passes ``point`` for the ``turn``-th time."""
    passed = count(1)

    def die(last_act: Callable[[], object] = lambda: None) -> None:
        if next(passed) == turn:
            last_act()
            os.write(2, f"{DYING_WORDS}{point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()

    _place(point, die)


def _place(point: str, die: Death) -> None:
    from companion_app.fleet import ProgressStream
    from companion_app.fleet.client import ComfyClient
    from companion_app.studio.grids import Grids
    from companion_app.studio.pictures import Pictures
    from vibes.storage import PictureFiles
    from vibes.storage.events import EventRecords

    side, _, what = point.partition(" ")
    if what in JOB_CALLS:
        _wrap(Pictures, what, side, die)
    elif what == "planned":  # stored, but the fleet has not heard of it; or it has
        _wrap(Grids, "submit", side, die)
    elif what == "the post":
        _wrap(ComfyClient, "post_prompt", side, die)
    elif what == "the event":
        _wrap(EventRecords, "append", side, die, when=_is_of_a_grid)
    elif what == "unannounced":
        _wrap(ProgressStream, "publish", "before", die, when=lambda _, e: e.get("state") == side)
    elif what == "written":
        folder = {"original": "images", "thumbnail": "thumbnails"}[side]
        _wrap(PictureFiles, "write", "after", die, when=lambda _, p, *__: folder in p.parts)
    elif what == "half written":
        _die_half_written({"original": "images", "thumbnail": "thumbnails"}[side], die)
    else:
        raise ValueError(point)


def _is_of_a_grid(_: object, events: Any) -> bool:
    """Not what is told of settings when a grid is begun."""
    from vibes.preferences import GridRejected, GridSubmitted

    return any(isinstance(event, GridSubmitted | GridRejected) for event in events)


def _wrap(
    owner: type,
    name: str,
    side: str,
    die: Death,
    *,
    when: Callable[..., bool] = lambda *_, **__: True,
) -> None:
    """Call ``die`` before or after a method, for the calls that ``when`` accepts."""
    method = getattr(owner, name)
    early, late = side == "before", side == "after"

    @wraps(method)
    async def slow(*given: Any, **named: Any) -> Any:
        chosen = when(*given, **named)
        if early and chosen:
            die()
        result = await method(*given, **named)
        if late and chosen:
            die()
        return result

    @wraps(method)
    def quick(*given: Any, **named: Any) -> Any:
        chosen = when(*given, **named)
        if early and chosen:
            die()
        result = method(*given, **named)
        if late and chosen:
            die()
        return result

    setattr(owner, name, slow if inspect.iscoroutinefunction(method) else quick)


def _die_half_written(folder: str, die: Death) -> None:
    """Die when a file below ``folder`` is flushed, with only half of it on the disk."""
    flush = os.fsync

    def torn(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if folder in path.parts and path.is_file():
            die(lambda: os.truncate(path, path.stat().st_size // 2))
        flush(descriptor)

    os.fsync = torn


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
