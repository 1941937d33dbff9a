"""The benchmark of the node pack measures what it says, on a real ComfyUI."""

from __future__ import annotations

import pytest
from PIL import Image

from benchmarks.node_costs import choosing, saving
from benchmarks.node_costs.server import Server
from tests.comfyui.servers import ComfyUI

pytestmark = pytest.mark.comfyui


def test_saving_is_measured_while_all_else_is_cached(comfyui_with_pack: ComfyUI) -> None:
    server = Server(comfyui_with_pack.url, comfyui_with_pack.base)
    figures = saving.measure(server, runs=1)
    assert figures.keys() == {"core_save_ms", "save_ms", "first_save_ms", "save_ratio"}
    assert all(figure > 0 for figure in figures.values())
    saved = list((comfyui_with_pack.base / "output" / "benchmark").glob("*.png"))
    assert len(saved) == 4


def test_choosing_is_measured_while_models_are_loaded(comfyui_with_pack: ComfyUI) -> None:
    server = Server(comfyui_with_pack.url, comfyui_with_pack.base)
    figures = choosing.measure(server, runs=2, loras=0)
    assert figures.keys() == {
        "core_load_ms",
        "choose_ms",
        "first_choose_ms",
        "choose_added_ms",
        "core_kept_ms",
        "kept_ms",
        "kept_added_ms",
        "repeat_uncached",
    }
    assert figures["choose_ms"] > 0
    assert figures["repeat_uncached"] == 0


def test_a_run_that_fails_is_no_measurement(comfyui_with_pack: ComfyUI) -> None:
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {"image": ["1", 0], "upscale_method": "area"},
        },
    }
    graph["2"]["inputs"]["scale_by"] = 0.01  # of a picture that has no pixels left then
    graph["3"] = {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}
    server = Server(comfyui_with_pack.url, comfyui_with_pack.base)
    Image.new("RGB", (8, 8)).save(comfyui_with_pack.base / "input" / "example.png")
    with pytest.raises(RuntimeError, match="A run failed"):
        server.run(graph)
