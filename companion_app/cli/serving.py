"""``vibes serve`` and ``vibes demo``: the studio itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import httpx
import typer

from vibes.settings import Settings, load_settings

from .demo_servers import demo_servers
from .options import Config, DataDir, Host, Port
from .terminal import show


def serve(
    config: Config = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File holding the access token, made when missing; without one the studio listens "
            "on this machine only.",
        ),
    ] = None,
) -> None:
    """Run the studio until Ctrl+C.

    Name the servers in config/gpus.yaml or in the file given with --config.
    """
    _run(
        load_settings(config, host=host, port=port, data_dir=data_dir, token_file=token_file),
        open_browser=False,
    )


def demo(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in your browser.")
    ] = True,
    port: Port = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to keep the demo's pictures and database."),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            metavar="X", min=0.1, max=20, help="How fast the demo's servers draw; 2 is twice."
        ),
    ] = 1.0,
) -> None:
    """Try everything without a GPU.

    Starts a studio with two demo render servers of different speed and opens its page. Unless
    told otherwise it keeps its pictures and its taste apart from your own studio's.
    """
    settings = load_settings(port=port)
    directory = data_dir or settings.data_dir / "demo"
    with demo_servers({"demo-fast": 2.0 * speed, "demo-slow": speed}) as servers:
        show(f"Two demo render servers are running; pictures and taste are kept in {directory}.")
        show(f"From another terminal: vibes generate 'misty forest' --out . --data-dir {directory}")
        _run(load_settings(port=port, data_dir=directory, servers=servers), open_browser=browser)


def _run(settings: Settings, *, open_browser: bool) -> None:
    """Serve until Ctrl+C or SIGTERM, which both are the proper way to end it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Here and not above: `--help` has no need of a web server.
    from companion_app.app import serve as serve_studio

    def ready(address: str) -> None:
        show(f"Vibes is ready at {address}   (Ctrl+C stops it)")
        if settings.host in ("0.0.0.0", "::"):
            elsewhere = httpx.URL(address).copy_with(host=socket.gethostname())
            show(f"From other machines: {elsewhere}")
        sys.stdout.flush()
        if open_browser and _has_screen():
            webbrowser.open(address)

    with contextlib.suppress(KeyboardInterrupt):
        serve_studio(settings, on_ready=ready)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient Ctrl+C while all is being put away


def _has_screen() -> bool:
    """False on a machine where opening a browser would start one inside the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
