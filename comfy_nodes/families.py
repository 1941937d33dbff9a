"""The family of a model that ComfyUI has loaded: surer than any file name."""

from __future__ import annotations

from typing import Any

_BY_CLASS = {
    "SD15": "sd15",
    "SD15_instructpix2pix": "sd15",
    "SD20": "sd2",
    "SD21UnclipL": "sd2",
    "SD21UnclipH": "sd2",
    "SDXL": "sdxl",
    "SDXL_instructpix2pix": "sdxl",
    "SDXLRefiner": "sdxl_refiner",
    "Flux": "flux",
    "FluxInpaint": "flux",
    "FluxSchnell": "flux",
}
"""Class of ComfyUI's model configuration -> family."""

_SD35_LARGE_DEPTH = 38  # transformer blocks; both medium models have 24


def family_of_model(model: Any) -> str | None:
    """The family of a loaded MODEL; None where no LoRA of ours can be known to fit."""
    config = model.model.model_config
    name = type(config).__name__
    return _sd3_family(config.unet_config) if name == "SD3" else _BY_CLASS.get(name)


def _sd3_family(unet: dict[str, Any]) -> str:
    if unet.get("depth", 0) >= _SD35_LARGE_DEPTH:
        return "sd35_large"
    return "sd35_medium" if unet.get("x_block_self_attn_layers") else "sd3"
