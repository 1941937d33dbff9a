"""A real studio over real (embedded) render servers, and the command line as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from companion_app.cli.demo_servers import demo_servers

ROOT = Path(__file__).parents[2]
VIBES = [sys.executable, "-m", "companion_app"]


def environment(**variables):
    """This process's variables without VIBES_ ones, and with ``variables``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIBES_")}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


@pytest.fixture(scope="session")
def vibes():
    """Run ``vibes …`` to its end; stdout and stderr are captured."""

    def run(*arguments, **variables):
        return subprocess.run(
            [*VIBES, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(**variables),
        )

    return run


@pytest.fixture(scope="session")
def spawn():
    """Start ``vibes …``; its two outputs come together."""

    def popen(*arguments, **variables):
        return subprocess.Popen(
            [*VIBES, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(**variables),
            start_new_session=True,  # a group to send signals to, as a terminal does
        )

    return popen


@pytest.fixture(scope="session")
def start(spawn):
    """Run ``vibes …`` until the with-block ends; gives the process once it says it is ready."""

    @contextmanager
    def running(*arguments, **variables) -> Iterator[subprocess.Popen]:
        process = spawn(*arguments, **variables)
        try:
            said = []
            while not (said and "ready at" in said[-1]):
                line = process.stdout.readline()
                assert line, f"the studio ended: {''.join(said)}"
                said.append(line)
            process.address = said[-1].split()[4]
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)

    return running


@contextmanager
def written(path, speeds, seconds_per_image):
    """A configuration file naming render servers that run meanwhile."""
    with demo_servers(speeds, seconds_per_image=seconds_per_image) as servers:
        lines = [f"  - {{name: {server.name}, url: '{server.url}'}}" for server in servers]
        path.write_text("\n".join(["servers:", *lines]), encoding="utf-8")
        yield path


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    """A configuration file naming two render servers that answer at once."""
    path = tmp_path_factory.mktemp("config") / "studio.yaml"
    with written(path, {"fast": 2.0, "slow": 1.0}, 0.0) as config:
        yield config


@pytest.fixture
def patient_config(tmp_path):
    """A configuration file naming a render server that needs a minute for an image."""
    with written(tmp_path / "patient.yaml", {"patient": 1.0}, 60.0) as config:
        yield config


@pytest.fixture(scope="session")
def studio(start, config, tmp_path_factory):
    """The data directory of a studio that is running."""
    directory = tmp_path_factory.mktemp("studio")
    with start("serve", "--config", config, "--port", "0", "--data-dir", directory):
        yield directory


@pytest.fixture(scope="session")
def make_grid():
    """Make a grid on a running studio; gives its session's id, its id and its images."""

    def make(client, prompt, count):
        session = client.post("/api/sessions", json={"name": prompt}).json()["id"]
        request = {"session_id": session, "prompt": prompt, "count": count}
        batch = client.post("/api/generate/batch", json=request).json()["batch_id"]
        with client.stream("GET", "/api/events", params={"batch_id": batch}) as events:
            for _ in events.iter_lines():
                grid = client.get(f"/api/batches/{batch}").json()
                if grid["state"] == "done":
                    return session, batch, grid["images"]
        raise AssertionError("the events ended before the grid was done")

    return make
