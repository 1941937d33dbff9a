"""What loading the pack costs: ``python pack_import.py <ComfyUI> <pack>`` prints it as JSON.

Runs in ComfyUI's own environment and imports first what ComfyUI has imported when it comes to its
custom nodes. ``seconds`` is what the pack adds to that, ``loaded`` which modules it brings, and
``asked`` what its own modules import themselves, whether or not it was there already.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib.util
import json
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from launch import import_torchvision

OURS = ("vibes.", "vibes_", "comfy_nodes.")


def import_core(comfyui: Path) -> None:
    sys.path.insert(0, str(comfyui))
    sys.argv = ["main.py", "--cpu"]
    import comfy.options

    comfy.options.enable_args_parsing()
    import utils.extra_config  # noqa: F401  # before torchvision brings a `utils` of its own

    globals()["alive"] = import_torchvision()
    import execution  # noqa: F401
    import nodes
    import server  # noqa: F401

    asyncio.run(nodes.init_builtin_extra_nodes())


def load_pack(folder: Path) -> list[str]:
    """As ComfyUI does; returns the ids of the nodes."""
    name = str(folder).replace(".", "_x_")
    place = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        name, place, submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    pack = importlib.util.module_from_spec(spec)
    sys.modules[name] = pack
    spec.loader.exec_module(pack)
    return asyncio.run(_node_ids(pack))


async def _node_ids(pack: ModuleType) -> list[str]:
    extension = await pack.comfy_entrypoint()
    return [node.define_schema().node_id for node in await extension.get_node_list()]


def measured(folder: Path) -> dict[str, Any]:
    asked: set[str] = set()
    before, real = set(sys.modules), builtins.__import__

    def noting(name: str, namespace: Any = None, *rest: Any) -> Any:
        importer = str((namespace or {}).get("__name__", ""))
        if importer.startswith((*OURS, str(folder).replace(".", "_x_"))) or importer == "vibes":
            asked.add(name)
        return real(name, namespace, *rest)

    builtins.__import__ = noting
    start = time.perf_counter()
    try:
        ids = load_pack(folder)
    finally:
        seconds = time.perf_counter() - start
        builtins.__import__ = real
    return {
        "nodes": ids,
        "seconds": seconds,
        "loaded": sorted(set(sys.modules) - before),
        "asked": sorted(asked),
    }


if __name__ == "__main__":
    comfyui, pack = map(Path, sys.argv[1:])
    import_core(comfyui)
    sys.stdout.write(json.dumps(measured(pack)) + "\n")
