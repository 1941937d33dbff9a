"""Run a ComfyUI found elsewhere, unchanged: ``python launch.py <ComfyUI>/main.py [its flags]``.

Runs in ComfyUI's own environment, so it imports nothing of ours. Two additions: it ends when
standard input does, so that no server outlives its tests; and it makes torchvision importable.
Beside a CPU-only torch the published torchvision cannot load its compiled part, and importing it
fails because nobody declared its operators. Declaring them is enough: none is called here.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from pathlib import Path

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> object:
    """Return what must stay alive for torchvision to work, or None."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        return declare_operators()
    return None


def declare_operators() -> object:
    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # half imported
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in OPERATORS:
        library.define(schema)
    return library


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    alive = import_torchvision()
    main = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(Path(main).parent))
    runpy.run_path(main, run_name="__main__")
