"""Set Vibes up from a checkout: ``python install.py demo | test | setup``.

Without arguments it is what a node manager runs inside ComfyUI's environment: it changes nothing.
Only the standard library is used, and everything goes into ``.venv`` beside this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "vibes-setup.json"
CONSTRAINTS = ROOT / "config" / "constraints.txt"
SCORING_CONSTRAINTS = ROOT / "config" / "constraints-scoring.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{SUFFIX}"
OLDEST = (3, 10)

USAGE = """\
Vibes: one image studio over all your ComfyUI servers.

  python install.py demo     set up, then start a studio with two demo render servers
                             (options as in `vibes demo`: --no-browser --port N --data-dir DIR)
  python install.py test     set up, with torch for scoring, then run every check and test
                             (what follows goes to pytest: -k funnel -x)
  python install.py setup    only set up: afterwards there is the command .venv/bin/vibes
"""
ONE_LINE = (
    "Vibes: the nodes need no further installation; for the studio run "
    "`python install.py demo`, `setup` or `test` in this folder."
)


class Failed(Exception):
    """A step failed; the message says what to do, ``code`` is our exit code."""

    def __init__(self, message: str, code: int = 1):
        super().__init__(message)
        self.code = code


def main(arguments: list[str]) -> int:
    """Run one command; 0 = done, 1 = a step failed, 2 = not a command."""
    if not arguments:
        print(ONE_LINE)
        return 0
    command, *rest = arguments
    if command in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    if command not in ("demo", "test", "setup") or (command == "setup" and rest):
        print(f"install.py: '{' '.join(arguments)}' is not a command.\n\n{USAGE}", file=sys.stderr)
        return 2
    try:
        set_up({"studio", "dev", "scoring"} if command == "test" else {"studio"})
        if command == "demo":
            return become([str(BIN / f"vibes{SUFFIX}"), "demo", *rest])
        return run_gate(rest) if command == "test" else finish_setup()
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 1


def set_up(extras: set[str]) -> None:
    """Make ``.venv`` hold the project with ``extras``; quick when it already does."""
    if sys.version_info < OLDEST:
        raise Failed(
            f"Vibes needs Python {OLDEST[0]}.{OLDEST[1]} or newer and this is "
            f"{sys.version_info[0]}.{sys.version_info[1]}. "
            "Run install.py with a newer one, for example `python3.12 install.py demo`."
        )
    before = read_stamp()
    extras = extras | set(before.get("extras", []))
    wanted = {"inputs": fingerprint(), "extras": sorted(extras)}
    if before == wanted and PYTHON.exists():
        say(f"Already set up in {VENV}.")
        return
    make_environment()
    install_project(sorted(extras))
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")


def read_stamp() -> dict[str, object]:
    """What the last complete set-up left behind; empty when there was none."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def fingerprint() -> str:
    """Changes when the environment would have to change."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS, SCORING_CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """Create ``.venv`` with this Python, unless it is there and of the same version."""
    if environment_version() == sys.version_info[:2]:
        return
    say(f"Creating the environment {VENV} with Python {sys.version.split()[0]} …")
    if VENV.exists():
        shutil.rmtree(VENV)
    run(
        [sys.executable, "-m", "venv", str(VENV)],
        "The environment could not be created. On Debian and Ubuntu `sudo apt install "
        "python3-venv` helps; otherwise check that this folder is writable and has 1 GB free.",
    )


def environment_version() -> tuple[int, ...] | None:
    """The Python version in ``.venv``; None when there is none that runs."""
    ask = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(part) for part in answer.stdout.split())


def install_project(extras: list[str]) -> None:
    """Install this checkout, editable, with pinned versions of everything it needs."""
    size = "some minutes: torch alone is 0.2 to 3 GB" if "scoring" in extras else "a minute or two"
    say(f"Installing Vibes with its parts for {' and '.join(extras)} ({size}) …")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = [f"--constraint={path}" for path in (CONSTRAINTS, SCORING_CONSTRAINTS)]
    run(
        [*pip, *pins, "-e", f".[{','.join(extras)}]"],
        "The packages could not be installed; pip's message above says which one. Check that "
        "the package registry can be reached, then run the same command again.",
    )


def finish_setup() -> int:
    """Say how to go on."""
    vibes = BIN / f"vibes{SUFFIX}"
    say(f"Done. Try `{vibes} demo`; `{vibes} --help` shows every command.")
    return 0


def run_gate(pytest_arguments: list[str]) -> int:
    """Every check, cheapest first, up to the first that fails."""
    steps = gate(pytest_arguments)
    # Hundreds of our processes are started: each would compile all our code without these files.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for number, (name, command) in enumerate(steps, start=1):
        say(f"[{number}/{len(steps)}] {name}")
        code = subprocess.call(command, cwd=ROOT)
        if code:
            raise Failed(
                f"'{name}' failed with exit code {code}. Repeat it alone with: "
                f"{subprocess.list2cmdline(command)}",
                code if code > 0 else 1,
            )
    say(f"All {len(steps)} checks passed: {', '.join(name for name, _ in steps)}.")
    return 0


def gate(pytest_arguments: list[str]) -> list[tuple[str, list[str]]]:
    """The checks with the command of each."""
    python = str(PYTHON)
    references = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))
    cog = [python, "-m", "cogapp", "--check", "-P", "-I", "docs", *references]
    # Two at a time, whole files each: many tests wait for what takes time, and share its fixtures.
    tests = [python, "-m", "pytest", "-n", "2", "--dist", "loadfile", *pytest_arguments]
    return [
        ("lint", [python, "-m", "ruff", "check", "."]),
        ("format", [python, "-m", "ruff", "format", "--check", "."]),
        ("types", [python, "-m", "mypy"]),
        ("imports", [str(BIN / f"lint-imports{SUFFIX}")]),
        ("generated references", cog),
        ("compiled workflows", [python, "-m", "vibes.workflows.compile", "--check"]),
        ("tests", tests),
    ]


def run(command: list[str], advice: str) -> None:
    """Run one step in the checkout; Failed with ``advice`` when it fails."""
    if subprocess.call(command, cwd=ROOT):
        raise Failed(advice)


def become(command: list[str]) -> int:
    """Hand over to ``command``, so that it gets our signals and its end is ours."""
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # it got the same Ctrl+C and is shutting down


def say(line: str) -> None:
    """Print at once, also into a pipe: the steps' own output comes between our lines."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
