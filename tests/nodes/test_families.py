from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from comfy_nodes.families import family_of_model


@pytest.mark.parametrize(
    ("config", "unet", "family"),
    [
        ("SD15", {}, "sd15"),
        ("SDXL", {}, "sdxl"),
        ("FluxSchnell", {}, "flux"),
        ("SD3", {"depth": 24, "x_block_self_attn_layers": []}, "sd3"),
        ("SD3", {"depth": 24, "x_block_self_attn_layers": [0, 1]}, "sd35_medium"),
        ("SD3", {"depth": 38, "x_block_self_attn_layers": []}, "sd35_large"),
        ("AuraFlow", {}, None),
    ],
)
def test_the_family_is_read_from_the_loaded_model_s_configuration(
    config: str, unet: dict[str, Any], family: str | None
) -> None:
    configuration = type(config, (), {"unet_config": unet})()
    model = SimpleNamespace(model=SimpleNamespace(model_config=configuration))
    assert family_of_model(model) == family
