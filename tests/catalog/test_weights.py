from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.libraries import (
    FAMILIES,
    write_checkpoint_file,
    write_embedding_file,
    write_lora_file,
)
from benchmarks.libraries.layouts import lora_shapes
from tests.tiny_checkpoints import write_checkpoint, write_lora
from vibes.catalog.headers import Tensor, read_header
from vibes.catalog.weights import Weights, weights_of

Shape = tuple[int, ...]
FORMATS = ("kohya", "peft", "lycoris")


def lora(shapes: Mapping[str, Shape]) -> Weights:
    return weights_of("lora", {name: Tensor("F16", shape) for name, shape in shapes.items()})


def pair(module: str, out: int, into: int, rank: int = 4) -> dict[str, Shape]:
    return {f"{module}.lora_down.weight": (rank, into), f"{module}.lora_up.weight": (out, rank)}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_s_family_is_known_by_its_weights(tmp_path, family, format) -> None:
    path = tmp_path / "x.safetensors"
    write_lora_file(path, family=family, rank=12, format=format)
    found = weights_of("lora", read_header(path).tensors)
    either = {"sd3": {"sd3", "sd35_medium"}}  # without a second attention, they are the same
    assert found.families == either.get(family, {family})
    assert found.rank == 12
    assert found.modules is not None
    assert found.modules > 150


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_s_family_is_known_by_its_weights(tmp_path, family) -> None:
    path = tmp_path / "x.safetensors"
    write_checkpoint_file(path, family=family)
    assert weights_of("checkpoint", read_header(path).tensors).families == {family}


def test_the_tiny_files_of_these_tests_are_of_sd3(tmp_path) -> None:
    write_checkpoint(tmp_path / "c.safetensors", 1)
    write_lora(tmp_path / "l.safetensors", 1, trigger="x", rank=4)
    checkpoint = weights_of("checkpoint", read_header(tmp_path / "c.safetensors").tensors)
    made = weights_of("lora", read_header(tmp_path / "l.safetensors").tensors)
    assert checkpoint.families == {"sd3"}
    assert made == Weights(frozenset({"sd3"}), rank=4, modules=4)


@pytest.mark.parametrize(
    ("module", "out", "into", "families"),
    [
        ("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k", 1280, 768, {"sd15"}),
        ("lora_unet_middle_block_1_transformer_blocks_0_attn2_to_v", 1280, 1024, {"sd2"}),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 640, 2048, {"sdxl"}),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 768, 1280, {"sdxl_refiner"}),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 640, 4096, set()),
        ("lora_unet_input_blocks_8_1_transformer_blocks_9_attn1_to_q", 1280, 1280, {"sdxl"}),
        ("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", 320, 320, {"sd15", "sd2"}),
        (
            "lora_unet_mid_block_resnets_0_conv1",
            1280,
            1280,
            {*["sd15", "sd2", "sdxl", "sdxl_refiner"]},
        ),
        ("lora_te_text_model_encoder_layers_0_self_attn_q_proj", 768, 768, {"sd15"}),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1", 4096, 1024, {"sd2"}),
        ("transformer.transformer_blocks.3.attn.to_q", 3072, 3072, {"flux"}),
        ("transformer.single_transformer_blocks.37.attn.to_q", 3072, 3072, {"flux"}),
        ("transformer.single_transformer_blocks.39.attn.to_q", 3072, 3072, set()),
        ("transformer.transformer_blocks.59.attn.to_q", 3072, 3072, set()),
        ("transformer.transformer_blocks.5.attn.add_k_proj", 2432, 2432, {"sd35_large"}),
        ("transformer.transformer_blocks.5.attn.to_k", 1536, 1536, {"sd3", "sd35_medium"}),
        ("transformer.transformer_blocks.5.attn1.to_k", 2048, 2048, None),
        ("lora_unet_joint_blocks_0_x_block_attn2_qkv", 4608, 1536, {"sd35_medium"}),
        ("lora_unet_single_blocks_0_linear1", 27648, 3072, set()),
        ("lora_unet_double_blocks_0_img_attn_qkv", 18432, 6144, set()),
        ("diffusion_model.blocks.0.cross_attn.k", 5120, 5120, None),
        ("lora_prior_unet_blocks_0_attn2_to_k", 1280, 1280, set()),
        ("down_blocks.0.motion_modules.0.temporal_transformer.to_q", 320, 320, set()),
    ],
)
def test_one_part_tells_no_more_than_it_can(module, out, into, families) -> None:
    assert lora(pair(module, out, into)).families == families


def test_both_text_encoders_alone_fit_several_families() -> None:
    layer = "text_model_encoder_layers_0_self_attn_k_proj"
    both = pair(f"lora_te1_{layer}", 768, 768) | pair(f"lora_te2_{layer}", 1280, 1280)
    assert lora(both).families == {"sdxl", "sd3", "sd35_medium", "sd35_large"}


def test_a_text_encoder_decides_what_the_u_net_leaves_open() -> None:
    shapes = pair("lora_unet_down_blocks_0_attentions_0_proj_in", 320, 320)
    shapes |= pair("lora_te_text_model_encoder_layers_0_self_attn_k_proj", 768, 768)
    assert lora(shapes).families == {"sd15"}


@pytest.mark.parametrize(
    "shapes",
    [
        {"x.lokr_w1": (8, 8), "x.lokr_w2_a": (160, 4), "x.lokr_w2_b": (4, 96)},
        {"x.lokr_w1_a": (8, 2), "x.lokr_w1_b": (2, 8), "x.lokr_w2": (160, 96)},
        {"x.lora.down.weight": (4, 768), "x.lora.up.weight": (1280, 4)},
        {"x_lora.down.weight": (4, 768), "x_lora.up.weight": (1280, 4)},
        {"x.lora_linear_layer.down.weight": (4, 768), "x.lora_linear_layer.up.weight": (1280, 4)},
        {"x.lora_A.default.weight": (4, 768), "x.lora_B.default.weight": (1280, 4)},
        {"x.lora_A": (4, 768), "x.lora_B": (1280, 4)},
        {"x.lora_A.weight": (4, 768), "x.lora_B.weight": (1280, 4), "x.dora_scale": (1280, 1)},
        {"x.hada_w1_a": (1280, 4), "x.hada_w1_b": (4, 768), "x.hada_w2_a": (1280, 4)},
        {"x.diff": (1280, 768), "x.diff_b": (1280,)},
    ],
)
def test_every_trainer_s_spelling_is_one_module(shapes) -> None:
    place = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    found = lora({place + name[1:]: shape for name, shape in shapes.items()})
    assert found.families == {"sd15"}
    assert found.modules == 1


def test_a_lora_saved_by_sd_scripts_for_sdxl_is_recognised_by_part_of_it() -> None:
    shapes = lora_shapes("sdxl", 8)
    cross = {name: shape for name, shape in shapes.items() if "attn2_to_k" in name}
    assert lora(cross).families == {"sdxl"}


@pytest.mark.parametrize(
    ("shapes", "families"),
    [
        ({"emb_params": (8, 768)}, {"sd15"}),
        ({"emb_params": (8, 1024)}, {"sd2"}),
        ({"<style>": (768,)}, {"sd15"}),
        ({"clip_l": (8, 768), "clip_g": (8, 1280)}, {"sdxl"}),
        ({"clip_l": (8, 768)}, None),
        ({"emb_params": ()}, None),
        ({}, None),
    ],
)
def test_an_embedding_s_family_is_known_by_its_width(shapes, families) -> None:
    tensors = {name: Tensor("F16", shape) for name, shape in shapes.items()}
    assert weights_of("embedding", tensors).families == families


def test_an_embedding_file_tells_its_family(tmp_path) -> None:
    write_embedding_file(tmp_path / "e.safetensors", width=1024)
    tensors = read_header(tmp_path / "e.safetensors").tensors
    assert weights_of("embedding", tensors).families == {"sd2"}


@pytest.mark.parametrize(
    ("shapes", "families"),
    [
        (
            {
                "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (
                    320,
                    1,
                )
            },
            None,
        ),
        (
            {
                "model.diffusion_model.input_blocks.8.1.transformer_blocks.9.attn2.to_k.weight": (
                    1280,
                    2048,
                ),
                "model.diffusion_model.label_emb.0.0.weight": (1280, 5632),
            },
            set(),
        ),
        (
            {
                "model.diffusion_model.input_blocks.8.1.transformer_blocks.3.attn2.to_k.weight": (
                    1,
                    2048,
                )
            },
            set(),
        ),
        ({"model.diffusion_model.double_blocks.0.img_attn.qkv.weight": (9216, 3072)}, set()),
        ({"model.diffusion_model.blocks.0.cross_attn.k.weight": (5120, 5120)}, None),
        ({"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}, None),
    ],
    ids=["packed", "kolors", "distilled", "flux-like", "video", "vae"],
)
def test_a_look_alike_is_not_taken_for_the_model_it_resembles(shapes, families) -> None:
    tensors = {name: Tensor("F16", shape) for name, shape in shapes.items()}
    assert weights_of("checkpoint", tensors).families == families
