"""Random but real SD3 checkpoints and LoRAs of a few megabytes: ComfyUI samples them on a CPU.

The network is the smallest that ComfyUI recognises as SD3: one joint block, 64 wide. Its VAE is a
TAESD, whose sizes ComfyUI fixes. There is no text encoder (one dummy key makes ComfyUI build an
empty one), so the prompt's text changes nothing; seed, size, checkpoint and LoRA do.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]
Tensors = Mapping[str, "npt.NDArray[np.generic]"]

LATENT_CHANNELS = 16
WIDTH = 64  # of the joint block; ComfyUI reads depth = WIDTH / 64
PATCHES = 32  # positions per side, of 16 px each: pictures up to 512 px
ARCHITECTURE = "stable-diffusion-v3-medium"
DTYPE_NAMES = {"float16": "F16", "float32": "F32"}


def write_checkpoint(path: Path, seed: int) -> None:
    """Write an SD3 checkpoint of about 6 MB; equal seeds give equal bytes."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, npt.NDArray[np.generic]] = {
        "model.diffusion_model." + name: _weight(rng, name, shape)
        for name, shape in _diffusion_shapes().items()
    }
    for name, shape in _vae_shapes().items():
        tensors["first_stage_model." + name] = _weight(rng, name, shape, gain=_vae_gain(name))
    tensors["first_stage_model.taesd_decoder.19.bias"] = np.full(3, 0.5, np.float16)  # mid grey
    tensors["first_stage_model.vae_scale"] = np.array(1.5305, np.float32)
    tensors["first_stage_model.vae_shift"] = np.array(0.0609, np.float32)
    tensors["text_encoders.dummy"] = np.zeros(1, np.float16)
    write_safetensors(path, tensors, {"modelspec.architecture": ARCHITECTURE})


def write_lora(path: Path, seed: int, *, trigger: str, rank: int = 4) -> None:
    """Write a LoRA for these checkpoints, strong enough to change every picture."""
    rng = np.random.default_rng(seed)
    block = "lora_unet_joint_blocks_0_x_block_"
    tensors: dict[str, npt.NDArray[np.generic]] = {}
    for layer, (out, into) in {
        "attn_qkv": (3 * WIDTH, WIDTH),
        "attn_proj": (WIDTH, WIDTH),
        "mlp_fc1": (4 * WIDTH, WIDTH),
        "mlp_fc2": (WIDTH, 4 * WIDTH),
    }.items():
        tensors[f"{block}{layer}.alpha"] = np.array(rank, np.float32)
        tensors[f"{block}{layer}.lora_down.weight"] = _normal(rng, (rank, into), into**-0.5)
        tensors[f"{block}{layer}.lora_up.weight"] = _normal(rng, (out, rank), 0.5)
    metadata = {
        "modelspec.architecture": f"{ARCHITECTURE}/lora",
        "ss_tag_frequency": json.dumps({"10_tiny": {trigger: 12}}),
    }
    write_safetensors(path, tensors, metadata)


def write_safetensors(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write *tensors* in the safetensors format: header length, JSON header, raw bytes."""
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype.name],
            "shape": tensor.shape,
            "data_offsets": (offset, end),
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(np.ascontiguousarray(tensor).tobytes() for tensor in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def _diffusion_shapes() -> dict[str, Shape]:
    linears = {
        "t_embedder.mlp.0": (WIDTH, 256),
        "t_embedder.mlp.2": (WIDTH, WIDTH),
        "y_embedder.mlp.0": (WIDTH, 2048),
        "y_embedder.mlp.2": (WIDTH, WIDTH),
        "context_embedder": (WIDTH, 4096),
        "joint_blocks.0.context_block.attn.qkv": (3 * WIDTH, WIDTH),
        "joint_blocks.0.context_block.adaLN_modulation.1": (2 * WIDTH, WIDTH),
        "joint_blocks.0.x_block.attn.qkv": (3 * WIDTH, WIDTH),
        "joint_blocks.0.x_block.attn.proj": (WIDTH, WIDTH),
        "joint_blocks.0.x_block.mlp.fc1": (4 * WIDTH, WIDTH),
        "joint_blocks.0.x_block.mlp.fc2": (WIDTH, 4 * WIDTH),
        "joint_blocks.0.x_block.adaLN_modulation.1": (6 * WIDTH, WIDTH),
        "final_layer.linear": (4 * LATENT_CHANNELS, WIDTH),
        "final_layer.adaLN_modulation.1": (2 * WIDTH, WIDTH),
    }
    shapes: dict[str, Shape] = {"pos_embed": (1, PATCHES**2, WIDTH)}
    shapes |= _with_bias("x_embedder.proj", (WIDTH, LATENT_CHANNELS, 2, 2))
    for name, shape in linears.items():
        shapes |= _with_bias(name, shape)
    return shapes


def _vae_shapes() -> dict[str, Shape]:
    """Return the shapes of a TAESD; the numbers are the layers' places in its two sequences."""
    shapes: dict[str, Shape] = {}
    for half, first, into, last, out, blocks, bare in (
        ("encoder", 0, 3, 14, LATENT_CHANNELS, (1, 3, 4, 5, 7, 8, 9, 11, 12, 13), (2, 6, 10)),
        ("decoder", 1, LATENT_CHANNELS, 19, 3, (3, 4, 5, 8, 9, 10, 13, 14, 15, 18), (7, 12, 17)),
    ):
        shapes |= _with_bias(f"taesd_{half}.{first}", (64, into, 3, 3))
        shapes |= _with_bias(f"taesd_{half}.{last}", (out, 64, 3, 3))
        for block in blocks:
            for layer in (0, 2, 4):
                shapes |= _with_bias(f"taesd_{half}.{block}.conv.{layer}", (64, 64, 3, 3))
        for layer in bare:  # the down- and upsampling convolutions
            shapes[f"taesd_{half}.{layer}.weight"] = (64, 64, 3, 3)
    return shapes


def _vae_gain(name: str) -> float:
    if ".conv.4." in name:
        return 0.3  # the last layer of a residual block: keeps thirty of them from blowing up
    return 0.5 if name == "taesd_decoder.19.weight" else 1.2


def _with_bias(name: str, shape: Shape) -> dict[str, Shape]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _weight(
    rng: np.random.Generator, name: str, shape: Shape, *, gain: float = 1.0
) -> npt.NDArray[np.float16]:
    if name.endswith(".bias"):
        return np.zeros(shape, np.float16)
    return _normal(rng, shape, gain / math.sqrt(math.prod(shape[1:])))


def _normal(rng: np.random.Generator, shape: Shape, std: float) -> npt.NDArray[np.float16]:
    return (rng.standard_normal(shape, np.float32) * std).astype(np.float16)
