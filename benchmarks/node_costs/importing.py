"""What the pack adds to ComfyUI's start: its imports beyond those of ComfyUI itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from statistics import median

from tests.comfyui.servers import REPOSITORY, Installation

RUNS = 5
PROGRAM = REPOSITORY / "tests" / "comfyui" / "pack_import.py"


def measure(comfyui: Installation, bytecode: Path, runs: int = RUNS) -> dict[str, float]:
    """Milliseconds of the first start, which compiles into ``bytecode``, and of later ones."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(bytecode)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    first, *later = [_milliseconds(comfyui, environment) for _ in range(runs + 1)]
    return {"first_import_ms": first, "import_ms": median(later)}


def _milliseconds(comfyui: Installation, environment: dict[str, str]) -> float:
    command = [comfyui.python, PROGRAM, comfyui.directory, REPOSITORY]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return 1000 * float(json.loads(result.stdout.splitlines()[-1])["seconds"])
