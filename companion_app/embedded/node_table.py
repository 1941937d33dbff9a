"""The nodes an embedded server knows, as data: inputs, outputs and how ``/object_info`` tells them.

Names, types, defaults and limits are those of ComfyUI's core nodes, so that a graph accepted here
is accepted there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import nodes
from .folders import Folders
from .models import Models

Input = tuple[Any, dict[str, Any]]  # (type name or list of values, options), ComfyUI's own shape

ANYTHING = "*"
"""The type of an output that fits every input, and of an input that takes every output."""

SAMPLERS = [
    "euler",
    "euler_cfg_pp",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "heun",
    "heunpp2",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_sde",
    "dpmpp_sde_gpu",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu",
    "dpmpp_2m_sde_heun",
    "dpmpp_2m_sde_heun_gpu",
    "dpmpp_3m_sde",
    "dpmpp_3m_sde_gpu",
    "ddpm",
    "lcm",
    "ipndm",
    "ipndm_v",
    "deis",
    "res_multistep",
    "res_multistep_cfg_pp",
    "res_multistep_ancestral",
    "res_multistep_ancestral_cfg_pp",
    "gradient_estimation",
    "gradient_estimation_cfg_pp",
    "er_sde",
    "seeds_2",
    "seeds_3",
    "sa_solver",
    "sa_solver_pece",
    "ddim",
    "uni_pc",
    "uni_pc_bh2",
]
SCHEDULERS = [
    "simple",
    "sgm_uniform",
    "karras",
    "exponential",
    "ddim_uniform",
    "beta",
    "normal",
    "linear_quadratic",
    "kl_optimal",
]
_PIXEL_SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
_LATENT_SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
_MAX_SIDE = 16384
_MAX_SEED = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Files:
    """A choice among the files of one folder, read whenever it is asked for."""

    folder: str


@dataclass(frozen=True, slots=True)
class Node:
    """One node class: what it does, what goes in and what comes out."""

    run: Callable[..., Any]
    title: str | None
    category: str
    inputs: Mapping[str, Input]
    outputs: tuple[str, ...] = ()
    module: str = "nodes"
    is_output: bool = False
    optional: frozenset[str] = frozenset()  # inputs that may be left out
    hidden: tuple[str, ...] = ()  # what it is told of the graph it runs in

    @property
    def is_v3(self) -> bool:
        """Nodes of ComfyUI's newer interface tell a few fields more."""
        return self.module != "nodes"


def integer(default: int, low: int, high: int, step: int | None = None, **more: Any) -> Input:
    """A whole number within limits."""
    options = {"default": default, "min": low, "max": high, **({"step": step} if step else {})}
    return ("INT", {**options, **more})


def number(default: float, low: float, high: float, step: float, **more: Any) -> Input:
    """A number within limits."""
    return ("FLOAT", {"default": default, "min": low, "max": high, "step": step, **more})


def link(kind: str) -> Input:
    """A value that comes from another node."""
    return (kind, {})


def one_of(values: list[str] | Files, **options: Any) -> Input:
    """A choice."""
    return (values, options)


_SIDE = integer(512, 0, _MAX_SIDE, 1)
_LATENT_SIDE = integer(512, 0, _MAX_SIDE, 8)
_SEED = integer(0, 0, _MAX_SEED, control_after_generate=True)
_STEPS = integer(20, 1, 10000)
_CFG = number(8.0, 0.0, 100.0, 0.1, round=0.01)
_STRENGTH = number(1.0, -100.0, 100.0, 0.01)
_BATCH = integer(1, 1, 4096)
_UPLOAD = one_of(Files("input"), image_upload=True)
_CROP = one_of(["disabled", "center"])
_TILING = {
    "overlap": integer(64, 0, 4096, 32),
    "temporal_size": integer(64, 8, 4096, 4),
    "temporal_overlap": integer(8, 4, 4096, 4),
}

NODES: Mapping[str, Node] = {
    "CheckpointLoaderSimple": Node(
        nodes.load_checkpoint,
        "Load Checkpoint",
        "loaders",
        {"ckpt_name": one_of(Files("checkpoints"))},
        ("MODEL", "CLIP", "VAE"),
    ),
    "LoraLoader": Node(
        nodes.load_lora,
        "Load LoRA",
        "loaders",
        {
            "model": link("MODEL"),
            "clip": link("CLIP"),
            "lora_name": one_of(Files("loras")),
            "strength_model": _STRENGTH,
            "strength_clip": _STRENGTH,
        },
        ("MODEL", "CLIP"),
    ),
    "CLIPTextEncode": Node(
        nodes.encode_text,
        "CLIP Text Encode (Prompt)",
        "conditioning",
        {
            "text": ("STRING", {"multiline": True, "dynamicPrompts": True}),
            "clip": link("CLIP"),
        },
        ("CONDITIONING",),
    ),
    "CLIPSetLastLayer": Node(
        nodes.set_last_layer,
        "CLIP Set Last Layer",
        "conditioning",
        {"clip": link("CLIP"), "stop_at_clip_layer": integer(-1, -24, -1, 1)},
        ("CLIP",),
    ),
    "EmptyLatentImage": Node(
        nodes.empty_latent,
        "Empty Latent Image",
        "latent",
        {
            "width": integer(512, 16, _MAX_SIDE, 8),
            "height": integer(512, 16, _MAX_SIDE, 8),
            "batch_size": _BATCH,
        },
        ("LATENT",),
    ),
    "EmptySD3LatentImage": Node(
        nodes.empty_latent,
        None,
        "latent/sd3",
        {
            "width": integer(1024, 16, _MAX_SIDE, 16),
            "height": integer(1024, 16, _MAX_SIDE, 16),
            "batch_size": _BATCH,
        },
        ("LATENT",),
        module="comfy_extras.nodes_sd3",
    ),
    "KSampler": Node(
        nodes.sample,
        "KSampler",
        "sampling",
        {
            "model": link("MODEL"),
            "seed": _SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": one_of(SAMPLERS),
            "scheduler": one_of(SCHEDULERS),
            "positive": link("CONDITIONING"),
            "negative": link("CONDITIONING"),
            "latent_image": link("LATENT"),
            "denoise": number(1.0, 0.0, 1.0, 0.01),
        },
        ("LATENT",),
    ),
    "KSamplerAdvanced": Node(
        nodes.sample_advanced,
        "KSampler (Advanced)",
        "sampling",
        {
            "model": link("MODEL"),
            "add_noise": one_of(["enable", "disable"]),
            "noise_seed": _SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": one_of(SAMPLERS),
            "scheduler": one_of(SCHEDULERS),
            "positive": link("CONDITIONING"),
            "negative": link("CONDITIONING"),
            "latent_image": link("LATENT"),
            "start_at_step": integer(0, 0, 10000),
            "end_at_step": integer(10000, 0, 10000),
            "return_with_leftover_noise": one_of(["disable", "enable"]),
        },
        ("LATENT",),
    ),
    "VAEDecode": Node(
        nodes.decode_latent,
        "VAE Decode",
        "latent",
        {"samples": link("LATENT"), "vae": link("VAE")},
        ("IMAGE",),
    ),
    "VAEDecodeTiled": Node(
        nodes.decode_latent,
        "VAE Decode (Tiled)",
        "_for_testing",
        {
            "samples": link("LATENT"),
            "vae": link("VAE"),
            "tile_size": integer(512, 64, 4096, 32),
            **_TILING,
        },
        ("IMAGE",),
    ),
    "VAEEncode": Node(
        nodes.encode_pictures,
        "VAE Encode",
        "latent",
        {"pixels": link("IMAGE"), "vae": link("VAE")},
        ("LATENT",),
    ),
    "VAEEncodeTiled": Node(
        nodes.encode_pictures,
        "VAE Encode (Tiled)",
        "_for_testing",
        {
            "pixels": link("IMAGE"),
            "vae": link("VAE"),
            "tile_size": integer(512, 64, 4096, 64),
            **_TILING,
        },
        ("LATENT",),
    ),
    "SaveImage": Node(
        nodes.save_pictures,
        "Save Image",
        "image",
        {"images": link("IMAGE"), "filename_prefix": ("STRING", {"default": "ComfyUI"})},
        is_output=True,
    ),
    "PreviewImage": Node(
        nodes.preview_pictures,
        "Preview Image",
        "image",
        {"images": link("IMAGE")},
        is_output=True,
    ),
    "LoadImage": Node(
        nodes.load_image, "Load Image", "image", {"image": _UPLOAD}, ("IMAGE", "MASK")
    ),
    "LoadImageMask": Node(
        nodes.load_image_mask,
        "Load Image (as Mask)",
        "mask",
        {"image": _UPLOAD, "channel": one_of(["alpha", "red", "green", "blue"])},
        ("MASK",),
    ),
    "ImageScale": Node(
        nodes.scale_pictures,
        "Upscale Image",
        "image/upscaling",
        {
            "image": link("IMAGE"),
            "upscale_method": one_of(_PIXEL_SCALERS),
            "width": _SIDE,
            "height": _SIDE,
            "crop": _CROP,
        },
        ("IMAGE",),
    ),
    "ImageScaleBy": Node(
        nodes.scale_pictures_by,
        "Upscale Image By",
        "image/upscaling",
        {
            "image": link("IMAGE"),
            "upscale_method": one_of(_PIXEL_SCALERS),
            "scale_by": number(1.0, 0.01, 8.0, 0.01),
        },
        ("IMAGE",),
    ),
    "LatentUpscale": Node(
        nodes.upscale_latent,
        "Upscale Latent",
        "latent",
        {
            "samples": link("LATENT"),
            "upscale_method": one_of(_LATENT_SCALERS),
            "width": _LATENT_SIDE,
            "height": _LATENT_SIDE,
            "crop": _CROP,
        },
        ("LATENT",),
    ),
    "LatentUpscaleBy": Node(
        nodes.upscale_latent_by,
        "Upscale Latent By",
        "latent",
        {
            "samples": link("LATENT"),
            "upscale_method": one_of(_LATENT_SCALERS),
            "scale_by": number(1.5, 0.01, 8.0, 0.01),
        },
        ("LATENT",),
    ),
    "RepeatLatentBatch": Node(
        nodes.repeat_latent,
        "Repeat Latent Batch",
        "latent/batch",
        {"samples": link("LATENT"), "amount": integer(1, 1, 64)},
        ("LATENT",),
    ),
    "UpscaleModelLoader": Node(
        nodes.load_upscale_model,
        "Load Upscale Model",
        "loaders",
        {"model_name": one_of(Files("upscale_models"))},
        ("UPSCALE_MODEL",),
        module="comfy_extras.nodes_upscale_model",
    ),
    "ImageUpscaleWithModel": Node(
        nodes.upscale_with_model,
        "Upscale Image (using Model)",
        "image/upscaling",
        {"upscale_model": link("UPSCALE_MODEL"), "image": link("IMAGE")},
        ("IMAGE",),
        module="comfy_extras.nodes_upscale_model",
    ),
}


def resolved_inputs(node: Node, models: Models, folders: Folders) -> dict[str, list[Any]]:
    """The node's inputs with present file names, in the JSON shape of ``/object_info``.

    A choice is a list of values in nodes of the older interface and the type ``COMBO`` with
    ``options`` in the newer one.
    """
    resolved: dict[str, list[Any]] = {}
    for name, (kind, options) in node.inputs.items():
        if isinstance(kind, Files):
            kind = folders.uploads() if kind.folder == "input" else models.names(kind.folder)
        if isinstance(kind, list) and node.is_v3:
            kind, options = "COMBO", {"multiselect": False, "options": kind, **options}
        resolved[name] = [kind, options]
    return resolved


def object_info(name: str, node: Node, models: Models, folders: Folders) -> dict[str, Any]:
    """What ``/object_info/{name}`` tells about one node."""
    inputs = resolved_inputs(node, models, folders)
    told = (*node.hidden, *(("prompt", "extra_pnginfo") if node.is_output else ()))
    hidden = {name: name.upper() for name in told}
    optional = {name: inputs.pop(name) for name in tuple(inputs) if name in node.optional}
    groups: dict[str, dict[str, Any]] = {
        "required": inputs,
        **({"optional": optional} if optional else {}),
        **({"hidden": hidden} if hidden else {}),
    }
    newer = {"deprecated": False, "experimental": False, "api_node": False}
    return {
        "input": groups,
        "input_order": {group: list(inputs) for group, inputs in groups.items()},
        "output": list(node.outputs),
        "output_is_list": [False] * len(node.outputs),
        "output_name": list(node.outputs),
        "name": name,
        "display_name": node.title,
        "description": "",
        "python_module": node.module,
        "category": node.category,
        "output_node": node.is_output,
        **(newer if node.is_v3 else {}),
    }
