"""Loading the pack brings nothing heavy into ComfyUI."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.comfyui.servers import REPOSITORY, Installation

pytestmark = pytest.mark.comfyui

HEAVY = {
    *("torch", "torchvision", "open_clip", "transformers", "model2vec", "scipy", "sklearn"),
    *("gradio", "fastapi", "starlette", "uvicorn", "httpx", "typer", "rich", "ray"),
    "companion_app",
}


@pytest.fixture(scope="module")
def import_of_pack(comfyui_for_pack: Installation) -> dict[str, Any]:
    program = REPOSITORY / "tests" / "comfyui" / "pack_import.py"
    command = [comfyui_for_pack.python, program, comfyui_for_pack.directory, REPOSITORY]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_none_of_the_pack_s_modules_imports_anything_heavy(import_of_pack: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in import_of_pack["asked"])


def test_nothing_heavy_comes_in_through_what_it_imports(import_of_pack: dict[str, Any]) -> None:
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in import_of_pack["loaded"])


def test_the_nodes_are_there(import_of_pack: dict[str, Any]) -> None:
    assert {"VibesCheckpointPool", "VibesAutoLora"} <= set(import_of_pack["nodes"])
