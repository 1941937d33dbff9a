"""Real ComfyUI servers as fixtures: own processes on the CPU, own directories, tiny checkpoints.

ComfyUI is looked for at COMFYUI_DIR, else ~/comfy/ComfyUI; its Python at COMFYUI_PYTHON, else in
that folder's .venv. Tests that need one are marked ``comfyui`` and skipped where there is none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.tiny_checkpoints import write_checkpoint, write_lora

REPOSITORY = Path(__file__).parents[2]
TINY_CLIP = REPOSITORY / "tests" / "assets" / "tiny_clip"
START_SECONDS = 180
STOP_SECONDS = 10
LOG_TAIL = 4000  # characters
CHECKPOINTS = ("tiny-a.safetensors", "tiny-b.safetensors", "tiny-c.safetensors")
LORA = "tiny-lora.safetensors"
FLAGS = (
    *("--cpu", "--disable-auto-launch", "--disable-api-nodes", "--use-pytorch-cross-attention"),
    *("--preview-method", "latent2rgb"),
)
RUNNING = pytest.StashKey[list["ComfyUI"]]()


@dataclass(frozen=True)
class Installation:
    """A ComfyUI checkout and the Python that has its requirements."""

    directory: Path
    python: Path


@dataclass(frozen=True)
class ComfyUI:
    """One running server."""

    name: str
    url: str
    base: Path  # holds custom_nodes models input output user temp

    @property
    def log(self) -> Path:
        return self.base / "server.log"

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_TAIL:]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-comfyui",
        action="store_true",
        help="write the real ComfyUI's replies into tests/data/comfyui instead of comparing",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNING] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the servers said beside a failed test that used them."""
    report = yield
    if report.failed and item.get_closest_marker("comfyui"):
        for server in item.config.stash[RUNNING]:
            report.sections.append((f"Log of {server.name}", server.log_tail()))
    return report


def find_comfyui() -> Installation | str:
    """The ComfyUI on this machine, or a sentence that says what is missing."""
    directory = Path(os.environ.get("COMFYUI_DIR", "~/comfy/ComfyUI")).expanduser()
    if not (directory / "main.py").is_file():
        return f"no ComfyUI at {directory}: set COMFYUI_DIR to a checkout"
    scripts = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    own = directory.joinpath(".venv", *scripts)
    python = Path(os.environ.get("COMFYUI_PYTHON", own)).expanduser()
    if not python.is_file():
        return f"no Python at {python}: set COMFYUI_PYTHON to one with ComfyUI's requirements"
    return Installation(directory, python)


@pytest.fixture(scope="session")
def comfyui() -> Installation:
    """Return the ComfyUI on this machine, or skip."""
    found = find_comfyui()
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(scope="session")
def comfyui_server(
    comfyui: Installation, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComfyUI]:
    """Run a server with the checkpoints tiny-a, tiny-b and tiny-c and the LoRA tiny-lora."""
    base = tmp_path_factory.mktemp("comfyui-1")
    add_models(base, CHECKPOINTS)
    with running(comfyui, pytestconfig, "real-1", base) as server:
        yield server


@pytest.fixture(scope="session")
def two_comfyui_servers(
    comfyui: Installation,
    comfyui_server: ComfyUI,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ComfyUI, ComfyUI]]:
    """Run a second server beside ``comfyui_server``; it lacks tiny-c."""
    base = tmp_path_factory.mktemp("comfyui-2")
    add_models(base, CHECKPOINTS[:2])
    with running(comfyui, pytestconfig, "real-2", base) as server:
        yield comfyui_server, server


@pytest.fixture(scope="session")
def comfyui_for_pack(comfyui: Installation) -> Installation:
    """Return the ComfyUI if its Python has what the pack requires, or skip."""
    requirements = "import platformdirs, pydantic_settings, rapidfuzz, sqlite_utils, yaml"
    if subprocess.run([comfyui.python, "-c", requirements], capture_output=True).returncode:
        pytest.skip(
            f"the pack's requirements are missing: {comfyui.python} -m pip install -r "
            f"{REPOSITORY / 'requirements.txt'}"
        )
    return comfyui


@pytest.fixture(scope="session")
def comfyui_with_pack(
    comfyui_for_pack: Installation,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ComfyUI]:
    """Run a server that has this repository as a node pack, and the tiny CLIP to score by."""
    base = tmp_path_factory.mktemp("comfyui-pack")
    add_models(base, CHECKPOINTS[:2])
    (base / "custom_nodes").mkdir()
    (base / "custom_nodes" / "vibes-imgen").symlink_to(REPOSITORY, target_is_directory=True)
    environment = {"VIBES_SCORING__MODEL": str(TINY_CLIP), "HF_HUB_CACHE": str(base / "hub")}
    with running(comfyui_for_pack, pytestconfig, "real-with-pack", base, environment) as server:
        yield server


@pytest.fixture(scope="session")
def comfyui_that_scores(comfyui: Installation, comfyui_with_pack: ComfyUI) -> ComfyUI:
    """The server with the pack, whose only scoring model is the tiny CLIP, if it can load it."""
    missing = (
        "import sys; from importlib.util import find_spec; sys.exit(not find_spec('open_clip'))"
    )
    if subprocess.run([comfyui.python, "-c", missing], capture_output=True).returncode:
        pytest.skip(
            f"open_clip is missing there: {comfyui.python} -m pip install --no-deps "
            "open_clip_torch==3.3.0 ftfy regex timm wcwidth"
        )
    return comfyui_with_pack


def add_models(base: Path, checkpoints: tuple[str, ...]) -> None:
    for name in checkpoints:
        write_checkpoint(base / "models" / "checkpoints" / name, seed=ord(name[len("tiny-")]))
    write_lora(base / "models" / "loras" / LORA, seed=1, trigger="speckled")


@contextmanager
def running(
    comfyui: Installation,
    config: pytest.Config,
    name: str,
    base: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[ComfyUI]:
    """Start a server on a free port, wait until it answers, end it afterwards.

    ``environment`` are variables it has beside those of this process.
    """
    for folder in ("custom_nodes", "models", "input", "output", "user", "temp"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = ComfyUI(name, f"http://127.0.0.1:{port}", base)
    with ExitStack() as stack:
        log = stack.enter_context(server.log.open("wb"))
        process = subprocess.Popen(
            command(comfyui, base, port),
            cwd=comfyui.directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,  # its end of file tells the server that we are gone
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stack.callback(stop, process)
        wait_until_ready(server, process)
        config.stash[RUNNING].append(server)
        stack.callback(config.stash[RUNNING].remove, server)
        yield server


def command(comfyui: Installation, base: Path, port: int) -> list[str | Path]:
    return [
        comfyui.python,
        Path(__file__).with_name("launch.py"),
        comfyui.directory / "main.py",
        *FLAGS,
        *("--listen", "127.0.0.1", "--port", str(port)),
        *("--base-directory", base),
        *("--database-url", f"sqlite:///{base / 'user' / 'comfyui.db'}"),
    ]


def wait_until_ready(server: ComfyUI, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(server.url):
        if process.poll() is not None:
            pytest.fail(f"{server.name} ended with {process.returncode}:\n{server.log_tail()}")
        if time.monotonic() > deadline:
            pytest.fail(f"{server.name}: no answer in {START_SECONDS} s:\n{server.log_tail()}")
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/system_stats", timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started."""
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
