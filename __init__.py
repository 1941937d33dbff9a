"""What ComfyUI loads from ``custom_nodes``: the entry point of the node pack.

ComfyUI runs this file under a name made from its path, and pytest imports it too: what belongs to
the pack is imported inside the entry point only, where both names have settled.
"""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WEB_DIRECTORY = "./comfy_nodes/web"

_HERE = Path(__file__).resolve().parent


async def comfy_entrypoint() -> Any:
    """Return the extension; ImportError where a foreign package named ``vibes`` is in the way."""
    _make_vibes_importable()
    from .comfy_nodes.extension import comfy_entrypoint as entrypoint

    return await entrypoint()


def _make_vibes_importable() -> None:
    spec = find_spec("vibes")
    if spec is None or spec.origin is None:  # absent, or merely a folder of that name
        sys.path.append(str(_HERE))
        importlib.invalidate_caches()
        spec = find_spec("vibes")
    if spec is None or spec.origin is None or not _is_ours(Path(spec.origin).resolve()):
        raise ImportError(
            f"The Vibes nodes cannot load: another Python package named 'vibes' is in the way at "
            f"{spec.origin if spec else sys.path}. Uninstall it or move it, then restart ComfyUI."
        )


def _is_ours(module: Path) -> bool:
    """Whether ``vibes`` at this path is this checkout's, or that of an installed vibes-imgen."""
    if module.parent == _HERE / "vibes":
        return True
    try:
        installed = distribution("vibes-imgen").locate_file("vibes/__init__.py")
    except PackageNotFoundError:
        return False
    return module == Path(str(installed)).resolve()
