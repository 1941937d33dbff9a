"""What the node pack costs inside a real ComfyUI: ``python -m benchmarks.nodes``.

ComfyUI is found as the tests find it: COMFYUI_DIR, else ~/comfy/ComfyUI; its Python at
COMFYUI_PYTHON, else in that folder's .venv. It runs on the processor, with tiny checkpoints. Each
figure is a median of runs in turn, where nothing else is said, so that a busy machine harms both
sides alike.
"""

from __future__ import annotations

import argparse
import operator
import tempfile
from pathlib import Path

from tests.comfyui.servers import find_comfyui

from .goals import Goals, finish, verdict
from .node_costs import choosing, importing, saving
from .node_costs.server import server_with_pack

GOALS: Goals = {
    "choose_added_ms": (operator.le, 15),
    "kept_added_ms": (operator.le, 15),
    "repeat_uncached": (operator.le, 0),
    "import_ms": (operator.le, 300),
    "save_ratio": (operator.le, 1.2),
}


def main() -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    comfyui = find_comfyui()
    if isinstance(comfyui, str):
        parser.exit(2, f"{comfyui}\n")
    with tempfile.TemporaryDirectory() as place, server_with_pack(comfyui, Path(place)) as server:
        figures = saving.measure(server) | choosing.measure(server)
        figures |= importing.measure(comfyui, Path(place) / "bytecode")
    for name, figure in figures.items():
        print(f"{name:26} {figure:.3f}")
    finish(figures, verdict(figures, GOALS), as_json=options.json)


if __name__ == "__main__":
    main()
