"""The composition root: the one place that builds the studio's parts and wires them together."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from urllib.parse import urlencode

import numpy as np
import uvicorn
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from filelock import FileLock, Timeout

from companion_app import api
from companion_app.fleet import Fleet, ProgressStream
from companion_app.studio import Studio
from companion_app.studio.catalog import CatalogBrowser
from companion_app.studio.exchange import Exchange
from companion_app.studio.explaining import Explaining
from companion_app.studio.feedback import Feedback
from companion_app.studio.generating import Generating
from companion_app.studio.grids import Grids
from companion_app.studio.iterating import Iterating
from companion_app.studio.learned import Learned
from companion_app.studio.pictures import Pictures
from companion_app.studio.planning import Planner
from companion_app.studio.sessions import Sessions, utc_now
from companion_app.studio.taste import Taste
from companion_app.thumbnails import Thumbnailer
from vibes.errors import Conflict, DirectoryInUse, InvalidInput, StorageError
from vibes.settings import Settings
from vibes.storage import PictureFiles, StoreThread

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""What a bearer may be made of."""
ANNOUNCEMENT = "studio.json"
"""Where a studio writes address and token for the command line, in its data directory."""
GRACE_SECONDS = 3
"""How long open connections may finish at shutdown; an event stream would hold it for ever."""


def build_studio(settings: Settings, store: StoreThread) -> Studio:
    """Every part of the studio, wired; it closes ``store`` when it stops."""
    new_rng = np.random.default_rng
    clock = utc_now
    files = PictureFiles(settings.data_dir)
    # Milliseconds: more events than that are never published, so ids of runs never overlap.
    progress = ProgressStream(first_id=int(clock().timestamp() * 1000))
    thumbnailer = Thumbnailer()
    pictures = Pictures(
        store,
        files=files,
        thumbnailer=thumbnailer,
        progress=progress,
        seconds_left=lambda batch_id: fleet.seconds_left(batch_id),  # the fleet reports to it
        clock=clock,
    )
    fleet = Fleet(
        settings.servers, log=pictures, progress=progress, refresh_seconds=settings.refresh_seconds
    )
    taste = Taste(store, policy=settings.policy, new_rng=new_rng, clock=clock)
    planner = Planner(settings, fleet=fleet, taste=taste, new_rng=new_rng)
    sessions = Sessions(
        store, files=files, fleet=fleet, progress=progress, stages=settings.stages, clock=clock
    )
    grids = Grids(store, fleet=fleet, progress=progress)
    generating = Generating(store, planner=planner, sessions=sessions, grids=grids, clock=clock)
    iterating = Iterating(
        settings,
        store=store,
        fleet=fleet,
        planner=planner,
        sessions=sessions,
        grids=grids,
        taste=taste,
        new_rng=new_rng,
        clock=clock,
    )
    return Studio(
        settings=settings,
        store=store,
        files=files,
        fleet=fleet,
        progress=progress,
        thumbnailer=thumbnailer,
        sessions=sessions,
        grids=grids,
        generating=generating,
        iterating=iterating,
        taste=taste,
        explaining=Explaining(store, taste=taste),
        feedback=Feedback(store, taste=taste, clock=clock),
        learned=Learned(taste=taste, planner=planner, fleet=fleet),
        exchange=Exchange(taste),
        catalog=CatalogBrowser(fleet=fleet, taste=taste),
    )


def build_app(settings: Settings, *, token: str | None = None, page: bool = True) -> FastAPI:
    """REST and page over a studio that runs while the application's lifespan does.

    Without ``page`` there is REST only, for a command that needs no browser. Owns the data
    directory from now until the lifespan ends. Raises DirectoryInUse when another studio has it,
    StorageError when it cannot be used.
    """
    with ExitStack() as undo:
        lock = _own(settings.data_dir)
        undo.callback(lock.release)
        store = StoreThread(settings.data_dir)
        undo.callback(store.close)
        app = _wrap(build_studio(settings, store), lock, page=page)
        undo.pop_all()  # from here on the lifespan sees to it
    app.add_middleware(api.Gate, token=token)
    return app


def _wrap(studio: Studio, lock: FileLock, *, page: bool) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            stack.push_async_callback(studio.stop)
            await studio.start()
            yield

    app = FastAPIOffline(title="Vibes", version=version("vibes-imgen"), lifespan=lifespan)
    app.state.studio = studio
    api.install(app, studio)
    if page:
        # Here and not above: Gradio takes two seconds to import. Refusals and commands go without.
        from companion_app.ui.page import mount_page

        app = mount_page(app, studio.settings)
    return app


def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run the studio until SIGTERM or SIGINT; ``on_ready`` gets the address to open.

    Raises InvalidInput for an address others can reach without a token, Conflict for a port in
    use, StorageError as ``build_app`` does.
    """
    token = _token(settings)
    listener = _listen(settings)
    try:
        app = build_app(settings, token=token)
        url = f"http://{_reachable(settings.host)}:{listener.getsockname()[1]}"
        announcement = settings.data_dir / ANNOUNCEMENT
        _write_private(announcement, json.dumps({"url": url, "token": token, "pid": os.getpid()}))
        try:
            address = f"{url}/?{urlencode({'token': token})}" if token else url
            _Server(app, lambda: on_ready and on_ready(address)).run(sockets=[listener])
        finally:
            announcement.unlink(missing_ok=True)
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready and ends the event streams as soon as it must stop.

    It enters the application's lifespan itself: Uvicorn would log why that failed, not raise it.
    """

    def __init__(self, app: FastAPI, on_ready: Callable[[], object]):
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                timeout_graceful_shutdown=GRACE_SECONDS,
                ws="none",
                lifespan="off",
            )
        )
        self._studio: Studio = app.state.studio
        self._lifespan = app.router.lifespan_context(app)
        self._entered = AsyncExitStack()
        self._on_ready = on_ready

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        async with self._entered:  # left in ``shutdown``, or here where starting up failed
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._entered.enter_async_context(self._lifespan)
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._entered.aclose()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._studio.progress.close)
        # No more than this: Uvicorn's own would raise the signal again when all has ended.
        self.force_exit = self.should_exit  # asked a second time: no grace for anybody
        self.should_exit = True


def _own(data_dir: Path) -> FileLock:
    lock = FileLock(data_dir / "lock", timeout=0)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        # Left by a studio that was killed: at its address somebody else may listen by now.
        (data_dir / ANNOUNCEMENT).unlink(missing_ok=True)
    except Timeout as error:
        raise DirectoryInUse(
            f"Another studio is using {data_dir}. Stop it, or choose another --data-dir."
        ) from error
    except OSError as error:
        raise StorageError(
            f"The data directory {data_dir} cannot be used: {error.strerror or error}. "
            "Choose another with --data-dir or VIBES_DATA_DIR."
        ) from error
    return lock


def _token(settings: Settings) -> str | None:
    """The access token, made on first use; None where only this machine can reach the studio."""
    path = settings.token_file
    if path is None:
        if not api.is_loopback(settings.host):
            raise InvalidInput(
                f"Others can reach {settings.host}, so the studio needs a token there: add "
                "--token-file FILE (it is made when missing), or listen on 127.0.0.1."
            )
        return None
    try:
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(32))
        token = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise InvalidInput(
            f"The token file {path} cannot be used: {error.strerror or error}."
        ) from error
    if not TOKEN.fullmatch(token):
        raise InvalidInput(
            f"The token file {path} must hold one word of letters, digits and -._~+/= only. "
            "Delete it to have a new one made."
        )
    return token


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        kind = Conflict if error.errno == errno.EADDRINUSE else InvalidInput
        raise kind(
            f"The studio cannot listen on {settings.host}:{settings.port}: "
            f"{(error.strerror or str(error)).partition(' (')[0]}. Choose another --host or --port."
        ) from error


def _reachable(host: str) -> str:
    """An address this machine reaches a listener on ``host`` at, as it stands in a URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def _write_private(path: Path, text: str) -> None:
    """A file only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # an old file would keep its mode, and its open readers
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
