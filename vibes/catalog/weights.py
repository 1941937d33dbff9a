"""Which families a file's weights can belong to, by the names and shapes of its tensors.

A rule names a family only where no other model is built like that; where weights cannot tell,
they leave what they rule out to the rules for metadata and names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .adapters import common_rank, modules_of
from .headers import Tensor
from .lora_builds import families_of_lora
from .records import ModelKind

Families = frozenset[str]

UNKNOWN_BUILD: Families | None = None
"""The weights are of no build that is known here; metadata may still say what they are."""

_NONE: Families = frozenset()  # a build that is known, of a family that is not
_TEXT_WIDTHS = {768: "sd15", 1024: "sd2", 1280: "sdxl_refiner", 2048: "sdxl"}
_SDXL_LABEL = 2816  # numbers a label has in SDXL; its look-alikes have others
_SD35_LARGE = 2432  # width of the network
_FLUX_INPUT = (3072, 64)  # width, numbers of a patch; its inpainting and depth models have more


@dataclass(frozen=True, slots=True)
class Weights:
    """What the weights tell: the families they may belong to, and of a LoRA, rank and size.

    ``families`` is empty for a model of none of them and None where nothing can be told.
    ``modules`` is how many parts of a model a LoRA changes.
    """

    families: Families | None = UNKNOWN_BUILD
    rank: int | None = None
    modules: int | None = None


def weights_of(kind: ModelKind, tensors: Mapping[str, Tensor]) -> Weights:
    """What these tensors are."""
    if kind == "embedding":
        return Weights(_of_embedding(tensors))
    families = _of_model(tensors) if kind == "checkpoint" else None
    if families is not None:
        return Weights(families)
    modules = modules_of(tensors)
    rank = common_rank(modules.values())
    if kind == "checkpoint":
        return Weights(None, None, len(modules))
    return Weights(families_of_lora(modules), rank, len(modules))


# Embeddings


def _of_embedding(tensors: Mapping[str, Tensor]) -> Families | None:
    if {"clip_g", "clip_l"} <= tensors.keys():
        return frozenset(("sdxl",))
    if len(tensors) != 1 or tensors.keys() & {"clip_g", "clip_l", "t5xxl"}:
        return UNKNOWN_BUILD
    ((shape,),) = ((tensor.shape,) for tensor in tensors.values())
    family = {768: "sd15", 1024: "sd2"}.get(shape[-1] if shape else 0)
    return frozenset((family,)) if family else UNKNOWN_BUILD


# Whole models

_CONTEXT = re.compile(
    r"(?:input_blocks|middle_block|down_blocks|mid_block)\..*attn2\.to_k\.weight$"
)
_FOREIGN_MODEL = re.compile(
    r"time_stack|temporal|cc_projection|distilled_guidance_layer|individual_token_refiner"
    r"|double_stream_modulation|motion_modules"
)


def _of_model(tensors: Mapping[str, Tensor]) -> Families | None:
    names = "\n".join(tensors)
    if _FOREIGN_MODEL.search(names):
        return _NONE
    shapes = {key.rpartition("diffusion_model.")[2]: t.shape for key, t in tensors.items()}
    if "joint_blocks.0.x_block.attn.qkv.weight" in shapes:
        return _of_sd3(_size(shapes, "joint_blocks.0.x_block.attn.qkv.weight", 1), names)
    if "double_blocks.0.img_attn.qkv.weight" in shapes:
        return _of_flux(shapes)
    return _of_unet(shapes, names)


def _of_sd3(width: int | None, names: str) -> Families:
    if "x_block.attn2" in names:
        return frozenset(("sd35_medium",))
    return frozenset(("sd35_large" if width == _SD35_LARGE else "sd3",))


def _of_flux(shapes: Mapping[str, tuple[int, ...]]) -> Families:
    known = "vector_in.in_layer.weight" in shapes
    fits = shapes.get("img_in.weight") == _FLUX_INPUT
    return frozenset(("flux",)) if known and fits else _NONE


def _of_unet(shapes: Mapping[str, tuple[int, ...]], names: str) -> Families | None:
    widths = {shape[1] for key, shape in shapes.items() if len(shape) > 1 and _CONTEXT.search(key)}
    family = _TEXT_WIDTHS.get(widths.pop()) if len(widths) == 1 else None
    if family != "sdxl":
        return frozenset((family,)) if family else UNKNOWN_BUILD
    label = _size(shapes, "label_emb.0.0.weight", 1) or _size(
        shapes, "add_embedding.linear_1.weight", 1
    )
    whole = "transformer_blocks.9." in names  # distilled ones have fewer
    return frozenset(("sdxl",)) if whole and label in (None, _SDXL_LABEL) else _NONE


def _size(shapes: Mapping[str, tuple[int, ...]], key: str, axis: int) -> int | None:
    shape = shapes.get(key, ())
    return shape[axis] if len(shape) > axis else None
