"""Which tensors the models and LoRAs of each family have, with their shapes."""

from __future__ import annotations

from collections.abc import Iterator

Shape = tuple[int, ...]
Linear = tuple[str, int, int]  # name, outputs, inputs

# Width of each U-Net level, how deep its attention is, where its attention lies.
_SD_LEVELS = ((320, 1), (640, 1), (1280, 1))
_SDXL_LEVELS = ((640, 2), (1280, 10))
_TEXT_WIDTH = {"sd15": 768, "sd2": 1024, "sdxl": 2048}
_TEXT_LAYERS = {"sd15": (12, 768), "sd2": (23, 1024)}
_JOINT = {"sd3": (24, 1536), "sd35_medium": (24, 1536), "sd35_large": (38, 2432)}
_DUAL_BLOCKS = 13  # of SD3.5 medium have a second attention


def lora_shapes(family: str, rank: int, format: str = "kohya") -> dict[str, Shape]:
    """The tensors of a LoRA over all attention and feed-forward layers."""
    shapes: dict[str, Shape] = {}
    for name, out, into in lora_modules(family):
        shapes |= _adapted(name, out, into, rank, format)
    return shapes


def checkpoint_shapes(family: str) -> dict[str, Shape]:
    """The network's tensors, as a checkpoint names them, without text encoders and VAE."""
    prefix = "model.diffusion_model."
    shapes = {
        f"{prefix}{name}.weight": (out, into) for name, out, into in _network(family, native=True)
    }
    extra: dict[str, Shape] = {
        "sdxl": {f"{prefix}label_emb.0.0.weight": (1280, 2816)},
        "flux": {
            f"{prefix}img_in.weight": (3072, 64),
            f"{prefix}vector_in.in_layer.weight": (3072, 768),
        },
    }.get(family, {})
    return {**shapes, **extra}


def lora_modules(family: str) -> Iterator[Linear]:
    """The layers a LoRA of this family changes, with dots in their names as in the model."""
    yield from _network(family, native=family not in _TEXT_WIDTH)
    layers, width = _TEXT_LAYERS.get(family, (0, 0))
    for layer in range(layers):
        place = f"text_encoder.text_model.encoder.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{place}.self_attn.{part}", width, width
        yield f"{place}.mlp.fc1", 4 * width, width
        yield f"{place}.mlp.fc2", width, 4 * width


def _network(family: str, *, native: bool) -> Iterator[Linear]:
    if family in _TEXT_WIDTH:
        yield from _unet(family, native=native)
    elif family == "flux":
        yield from _flux()
    else:
        yield from _joint(family)


def _unet(family: str, *, native: bool) -> Iterator[Linear]:
    text = _TEXT_WIDTH[family]
    for place, width, depth in _native_places(family) if native else _places(family):
        yield f"{place}.proj_in", width, width
        yield f"{place}.proj_out", width, width
        for block in range(depth):
            inner = f"{place}.transformer_blocks.{block}"
            for part in ("to_q", "to_k", "to_v", "to_out.0"):
                yield f"{inner}.attn1.{part}", width, width
                yield f"{inner}.attn2.{part}", width, text if part in ("to_k", "to_v") else width
            yield f"{inner}.ff.net.0.proj", 8 * width, width
            yield f"{inner}.ff.net.2", width, 4 * width


def _places(family: str) -> Iterator[tuple[str, int, int]]:
    """Attention of the U-Net by the names that trainers use."""
    levels = _SDXL_LEVELS if family == "sdxl" else _SD_LEVELS
    first = 1 if family == "sdxl" else 0
    for number, (width, depth) in enumerate(levels, start=first):
        for place in range(2):
            yield f"unet.down_blocks.{number}.attentions.{place}", width, depth
    yield "unet.mid_block.attentions.0", *levels[-1]
    for number, (width, depth) in enumerate(reversed(levels), start=1 - first):
        for place in range(3):
            yield f"unet.up_blocks.{number}.attentions.{place}", width, depth


def _native_places(family: str) -> Iterator[tuple[str, int, int]]:
    """The same by the names in the model itself."""
    levels = _SDXL_LEVELS if family == "sdxl" else _SD_LEVELS
    first = 4 if family == "sdxl" else 1
    for number, (width, depth) in enumerate(levels):
        for place in range(2):
            yield f"input_blocks.{first + 3 * number + place}.1", width, depth
    yield "middle_block.1", *levels[-1]
    for number, (width, depth) in enumerate(reversed(levels)):
        for place in range(3):
            yield f"output_blocks.{(0 if first == 4 else 3) + 3 * number + place}.1", width, depth


def _joint(family: str) -> Iterator[Linear]:
    depth, width = _JOINT[family]
    for block in range(depth):
        for side in ("x_block", "context_block"):
            place = f"joint_blocks.{block}.{side}"
            yield f"{place}.attn.qkv", 3 * width, width
            yield f"{place}.attn.proj", width, width
            yield f"{place}.mlp.fc1", 4 * width, width
            yield f"{place}.mlp.fc2", width, 4 * width
        if family == "sd35_medium" and block < _DUAL_BLOCKS:
            yield f"joint_blocks.{block}.x_block.attn2.qkv", 3 * width, width
            yield f"joint_blocks.{block}.x_block.attn2.proj", width, width


def _flux() -> Iterator[Linear]:
    width = 3072
    for block in range(19):
        for side in ("img", "txt"):
            place = f"double_blocks.{block}.{side}"
            yield f"{place}_attn.qkv", 3 * width, width
            yield f"{place}_attn.proj", width, width
            yield f"{place}_mlp.0", 4 * width, width
            yield f"{place}_mlp.2", width, 4 * width
            yield f"{place}_mod.lin", 6 * width, width
    for block in range(38):
        yield f"single_blocks.{block}.linear1", 7 * width, width
        yield f"single_blocks.{block}.linear2", width, 5 * width
        yield f"single_blocks.{block}.modulation.lin", 3 * width, width


def _adapted(name: str, out: int, into: int, rank: int, format: str) -> dict[str, Shape]:
    if format == "peft":
        return {f"{name}.lora_A.weight": (rank, into), f"{name}.lora_B.weight": (out, rank)}
    module = _kohya(name)
    if format == "lycoris":
        halves = {"w1_a": (out, rank), "w1_b": (rank, into)}
        halves |= {"w2_a": (out, rank), "w2_b": (rank, into)}
        return {f"{module}.alpha": (), **{f"{module}.hada_{k}": s for k, s in halves.items()}}
    return {
        f"{module}.alpha": (),
        f"{module}.lora_down.weight": (rank, into),
        f"{module}.lora_up.weight": (out, rank),
    }


def _kohya(name: str) -> str:
    encoder, _, rest = name.partition(".")
    prefix = {"text_encoder": "lora_te_", "unet": "lora_unet_"}.get(encoder)
    return (prefix + rest if prefix else f"lora_unet_{name}").replace(".", "_")
