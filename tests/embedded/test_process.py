"""The server as a process: says where it listens, and never outlives its parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

SERVE = (
    "from companion_app.embedded import run_embedded; "
    "run_embedded({port}, name='studio-1', speed=1000, exit_with_parent={exit_with_parent})"
)
PARENT = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=subprocess.PIPE); "
    "print(child.pid, flush=True); time.sleep(600)"
)


def command(*, port=0, exit_with_parent=False):
    return SERVE.format(port=port, exit_with_parent=exit_with_parent)


@pytest.fixture
def server(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """A server that keeps its files below the test's own folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", command()],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with process:
        yield process
        process.kill()


def address(line: str) -> str:
    assert line.startswith("studio-1 listening on http://127.0.0.1:")
    return line.split()[-1]


def test_it_says_where_it_listens_and_answers_there(server):
    url = address(server.stdout.readline())
    with urllib.request.urlopen(f"{url}/prompt", timeout=10) as reply:
        assert reply.status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_sigterm_ends_it_cleanly_with_a_socket_open(server, tmp_path):
    url = address(server.stdout.readline())
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        upgrade = (
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        connection.sendall(upgrade.encode())
        assert b"101" in connection.recv(100)
        assert list(tmp_path.iterdir())
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0
        assert time.monotonic() - started < 3
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_in_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-c", command(port=port)], capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in ended.stderr


def test_it_ends_when_its_parent_is_killed():
    arguments = [sys.executable, "-c", PARENT, command(exit_with_parent=True)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        address(parent.stdout.readline())
        parent.kill()
        child.wait(timeout=10)
    assert not child.is_running()
