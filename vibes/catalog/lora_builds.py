"""Which families a LoRA can belong to, by the parts of a model it changes and their sizes.

Part names are written with "_" for ".", so that every trainer's spelling reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from .adapters import Module

Families = frozenset[str]

_NONE: Families = frozenset()  # a build that is known, of a family that is not
_SD3 = frozenset(("sd3", "sd35_medium", "sd35_large"))
_UNETS = {768: "sd15", 1024: "sd2", 1280: "sdxl_refiner", 2048: "sdxl"}  # by the text's width
_SD3_MEDIUM, _SD35_LARGE, _FLUX = 1536, 2432, 3072  # widths of the network

_FOREIGN = re.compile(
    r"lora_prior|motion_modules|temporal|joint_transformer_blocks|token_refiner"
    r"|distilled_guidance|to_qkv_mlp_proj|ff_linear_in|transformer_blocks_\d+_img_m"
)


def families_of_lora(modules: Mapping[str, Module]) -> Families | None:
    """The families these modules may be made for; empty for none known, None for no telling."""
    names = "\n".join(modules)
    if _FOREIGN.search(names):
        return _NONE
    for rule in (_unet, _flux, _joint, _diffusers):
        found = rule(modules, names)
        if found is not None:
            text = _text(modules)
            return (found & text or found) if text else found
    return _text(modules)


# U-Nets: what the text's width does not tell, the depth of the attention may.

_UNET = re.compile(r"(?:^|_)(?:(?:in|out)put_blocks|(?:down|up)_blocks|mid(?:dle)?_block)_")
_CROSS = re.compile(r"attn2_(?:processor_)?to_[kv](?:_|$)")
_EARLY = re.compile(  # places where SDXL has no attention
    r"down_blocks_0_attentions|up_blocks_3_attentions"
    r"|input_blocks_[12]_1_|output_blocks_(?:9|10|11)_1_"
)
_DEEP = re.compile(r"transformer_blocks_(\d+)_")
_REFINER_DEPTH = 4


def _unet(modules: Mapping[str, Module], names: str) -> Families | None:
    if not _UNET.search(names):
        return None
    crossing = (m for name, m in modules.items() if _CROSS.search(name) and _UNET.search(name))
    widths = {module.inputs for module in crossing} - {None}
    if widths:
        family = _UNETS.get(widths.pop() or 0)
        return frozenset((family,)) if family and not widths else _NONE
    if _EARLY.search(names):
        return frozenset(("sd15", "sd2"))
    depth = max(map(int, _DEEP.findall(names)), default=0)
    if depth >= _REFINER_DEPTH:
        return frozenset(("sdxl",))
    return frozenset(("sdxl", "sdxl_refiner") if depth else _UNETS.values())


# Flux by its own names

_FLUX_PART = re.compile(r"(?:^|_)(double|single)_blocks_(\d+)_(.+)")
_FLUX_LAST = {"double": 18, "single": 37}  # blocks; HunyuanVideo, as wide, has more
_FLUX_OUTPUTS = {"linear1": 21504, "img_mlp_0": 12288, "txt_mlp_0": 12288}  # Flux 2 has others
_FLUX_INPUTS = ("img_attn_qkv", "txt_attn_qkv", *_FLUX_OUTPUTS)


def _flux(modules: Mapping[str, Module], names: str) -> Families | None:
    parts = list(_parts(_FLUX_PART, modules))
    if not parts:
        return None
    for block, number, part, module in parts:
        outputs = _FLUX_OUTPUTS.get(part)
        if int(number) > _FLUX_LAST[block] or (outputs and module.outputs not in (outputs, None)):
            return _NONE
    widths = _widths(((part, module) for _, _, part, module in parts), _FLUX_INPUTS)
    return frozenset(("flux",)) if widths <= {_FLUX} else _NONE


# Stable Diffusion 3 by its own names

_JOINT_PART = re.compile(r"(?:^|_)joint_blocks_(\d+)_(x|context)_block_(.+)")
_JOINT_INPUTS = ("attn_qkv", "attn_proj", "attn2_qkv", "attn2_proj", "mlp_fc1")


def _joint(modules: Mapping[str, Module], names: str) -> Families | None:
    parts = [(part, module) for _, _, part, module in _parts(_JOINT_PART, modules)]
    if not parts:
        return None
    if "x_block_attn2" in names:
        return frozenset(("sd35_medium",))
    widths = _widths(parts, _JOINT_INPUTS)
    return _sd3_of(widths) if widths & {_SD3_MEDIUM, _SD35_LARGE} or not widths else _small(widths)


def _sd3_of(widths: set[int]) -> Families:
    if not widths:
        return _SD3
    by_width = {_SD3_MEDIUM: frozenset(("sd3", "sd35_medium")), _SD35_LARGE: {"sd35_large"}}
    return frozenset(by_width.get(widths.pop(), ())) if len(widths) == 1 else _NONE


def _small(widths: set[int]) -> Families:
    """A network of SD3's build, 64 wide per block, that is none of the released ones."""
    return frozenset(("sd3",)) if len(widths) == 1 and max(widths) % 64 == 0 else _NONE


# Flux and Stable Diffusion 3 by the names of diffusers

_DIFFUSERS_PART = re.compile(r"(?:^|_)(single_)?transformer_blocks_(\d+)_(.+)")
_DIFFUSERS_INPUTS = tuple(
    f"attn_{part}" for part in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj")
)


def _diffusers(modules: Mapping[str, Module], names: str) -> Families | None:
    parts = list(_parts(_DIFFUSERS_PART, modules))
    widths = _widths(((part, module) for _, _, part, module in parts), _DIFFUSERS_INPUTS)
    if not widths:
        return None
    if widths == {_FLUX}:
        last = {"single_": _FLUX_LAST["single"], None: _FLUX_LAST["double"]}
        fits = all(int(number) <= last[single] for single, number, _, _ in parts)
        return frozenset(("flux",)) if fits else _NONE
    if "transformer_blocks_0_attn2_" in names and widths == {_SD3_MEDIUM}:
        return frozenset(("sd35_medium",))
    return _sd3_of(widths)


# Text encoders

_TEXT_PART = re.compile(
    r"(lora_te\d?|text_encoder(?:_\d)?s?)_(?:.*_)?(?:q_proj|k_proj|v_proj|mlp_fc1)(?:_lora|$)"
)


def _text(modules: Mapping[str, Module]) -> Families | None:
    """By text encoders alone; None where they tell nothing."""
    found: Families | None = None
    for name, module in modules.items():
        match = _TEXT_PART.search(name)
        fits = _fitting_text(match[1], module.inputs) if match else None
        if fits is not None:
            found = fits if found is None else found & fits
    return found


def _fitting_text(encoder: str, width: int | None) -> Families | None:
    two = _SD3 | {"sdxl"}
    return {
        ("lora_te", 768): frozenset(("sd15",)),
        ("lora_te", 1024): frozenset(("sd2",)),
        ("text_encoder", 768): two | {"sd15", "flux"},
        ("text_encoder", 1024): frozenset(("sd2",)),
        ("lora_te1", 768): two | {"flux"},
        ("lora_te2", 1280): two,
        ("text_encoder_2", 1280): two,
    }.get((encoder, width or 0))


def _parts(
    pattern: re.Pattern[str], modules: Mapping[str, Module]
) -> Iterator[tuple[str, str, str, Module]]:
    for name, module in modules.items():
        if match := pattern.search(name):
            yield match[1], match[2], match[3], module


def _widths(parts: Iterable[tuple[str, Module]], wanted: Iterable[str]) -> set[int]:
    named = {module.inputs for part, module in parts if part in wanted}
    return {width for width in named if width is not None}
