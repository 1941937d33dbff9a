"""Embedded render servers as child processes that end with their parent, whatever ends it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vibes.errors import ServerUnreachable
from vibes.settings import ServerConfig

Child = subprocess.Popen[str]


@contextmanager
def demo_servers(
    speeds: Mapping[str, float], *, seconds_per_image: float | None = None
) -> Iterator[list[ServerConfig]]:
    """Run one render server per name on a free port; they listen when this yields.

    A child stops when its standard input ends. We hold the other end, so that a killed parent
    takes its children along.
    """
    children: dict[str, Child] = {}
    try:
        for name, speed in speeds.items():
            children[name] = _start(name, speed, seconds_per_image)
        yield [_listening(name, child) for name, child in children.items()]
    finally:
        for child in children.values():
            _stop(child)


def _start(name: str, speed: float, seconds_per_image: float | None) -> Child:
    command = [sys.executable, "-m", "companion_app", "embedded", "--exit-with-parent"]
    command += ["--name", name, "--speed", str(speed), "--port", "0"]
    if seconds_per_image is not None:
        command += ["--seconds-per-image", str(seconds_per_image)]
    # Own session: Ctrl+C in the terminal is for the studio, which stops its servers last.
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _listening(name: str, child: Child) -> ServerConfig:
    """Where a child listens, from the one line it prints: '… listening on http://…'."""
    line = child.stdout.readline() if child.stdout else ""
    url = line.rpartition(" ")[2].strip()
    if not url:
        raise ServerUnreachable(
            f"The demo render server {name} did not start; what it said stands above.", server=name
        )
    return ServerConfig.model_validate({"name": name, "url": url})


def _stop(child: Child) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()
    try:
        child.wait(timeout=3)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
