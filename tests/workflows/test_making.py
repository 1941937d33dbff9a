"""What made a picture, read from graphs as people and the studio make them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.workflows import Chosen, Making, build_graph, load_template, read_making

Graph = dict[str, Any]
PACK = frozenset({"VibesCheckpointPool", "VibesAutoLora"})


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def nothing(graph: Any, node_id: str) -> Chosen | None:
    return None


def remembering(**chosen: Chosen) -> Callable[[Any, str], Chosen | None]:
    return lambda graph, node_id: chosen.get(f"n{node_id}")


def sampled(**changes: Any) -> Graph:
    """Node 9 saves what node 5 sampled."""
    sampler = {
        "model": ["1", 0],
        "positive": ["2", 0],
        "negative": ["3", 0],
        "latent_image": ["4", 0],
        "seed": 7,
        "steps": 20,
        "cfg": 6.5,
        "sampler_name": "euler",
        "scheduler": "karras",
        "denoise": 1.0,
    }
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "2": node("CLIPTextEncode", clip=["1", 1], text="a boat"),
        "3": node("CLIPTextEncode", clip=["1", 1], text="blurry"),
        "4": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "5": node("KSampler", **{**sampler, **changes}),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "9": node("VibesSaveImage", images=["6", 0]),
    }


PLAIN = Making(
    prompt="a boat",
    negative_prompt="blurry",
    checkpoint="a.safetensors",
    loras=(),
    seed=7,
    steps=20,
    cfg=6.5,
    sampler="euler",
    scheduler="karras",
    denoise=1.0,
    width=512,
    height=768,
)


def test_a_plain_graph_tells_everything() -> None:
    assert read_making(sampled(), "9", nothing) == PLAIN
    assert PLAIN.candidate == Candidate("a.safetensors")


@pytest.mark.parametrize("node_classes", [frozenset(), PACK])
@pytest.mark.parametrize("template", ["draft", "refine", "finish"])
def test_the_studio_s_graphs_tell_their_recipe(
    template: str, node_classes: frozenset[str], make_recipe: Callable[..., Recipe]
) -> None:
    recipe = make_recipe(("x.safetensors", 0.7), ("y.safetensors", -0.2), template=template)
    built = build_graph(
        load_template(template),
        recipe,
        spelling=lambda kind, name: name,
        source=None if template == "draft" else "source.png",
        prefix="x",
        node_classes=node_classes,
    )
    made = read_making(built.graph, built.output_node, nothing)
    told = {
        name: getattr(made, name) for name in Making.__slots__ if name not in ("loras", "inert")
    }
    candidate = recipe.candidate
    expected = {
        name: getattr(recipe, name) for name in told if name not in ("checkpoint", "denoise")
    }
    assert made.candidate == candidate
    assert told == {**expected, "checkpoint": candidate.checkpoint, "denoise": told["denoise"]}


def test_loras_are_in_the_order_they_were_applied() -> None:
    graph = sampled(model=["12", 0])
    graph["10"] = node("LoraLoader", model=["1", 0], lora_name="x", strength_model=1, clip=["1", 1])
    graph["11"] = node("ModelSamplingSD3", model=["10", 0], shift=3.0)
    graph["12"] = node("LoraLoaderModelOnly", model=["11", 0], lora_name="y", strength_model=0.5)
    made = read_making(graph, "9", nothing)
    assert made.loras == (LoraUse("x", 1.0), LoraUse("y", 0.5))


def test_a_loader_of_loras_that_is_not_known_leaves_them_unknown() -> None:
    graph = sampled(model=["10", 0])
    graph["10"] = node("Power Lora Loader (rgthree)", model=["1", 0], lora_1={"lora": "x"})
    made = read_making(graph, "9", nothing)
    assert (made.checkpoint, made.loras, made.candidate) == ("a.safetensors", None, None)


def test_a_loader_that_also_applies_loras_leaves_them_unknown() -> None:
    graph = sampled()
    graph["1"] = node("Efficient Loader", ckpt_name="a.safetensors", lora_name="x", lora_strength=1)
    made = read_making(graph, "9", nothing)
    assert (made.checkpoint, made.loras) == ("a.safetensors", None)


@pytest.mark.parametrize(
    ("strengths", "expected"),
    [
        ({"strength_model": 0, "strength_clip": 0.0}, ()),
        ({"strength_model": 0.0}, ()),
        ({"strength_model": 0.0, "strength_clip": 1.0}, None),
        ({"strength_model": 0.0, "strength_clip": ["99", 0]}, None),
    ],
)
def test_a_lora_that_is_switched_off_made_nothing(
    strengths: dict[str, Any], expected: tuple[LoraUse, ...] | None
) -> None:
    graph = sampled(model=["10", 0])
    graph["10"] = node("LoraLoader", model=["1", 0], lora_name="x", clip=["1", 1], **strengths)
    assert read_making(graph, "9", nothing).loras == expected


def test_what_choosing_nodes_chose_is_recalled_and_unknown_where_nobody_remembers() -> None:
    graph = sampled(model=["10", 0], positive=["11", 0])
    graph["1"] = node("VibesCheckpointPool", mode="explore", checkpoint="b", prompt="a boat")
    graph["10"] = node("VibesAutoLora", model=["1", 0], clip=["1", 1], mode="auto", prompt="a boat")
    graph["11"] = node("CLIPTextEncode", clip=["10", 1], text=["10", 2])
    recall = remembering(
        n1=Chosen("c.safetensors"),
        n10=Chosen(None, (LoraUse("x", 0.7),), {2: "a boat, sails"}),
    )
    made = read_making(graph, "9", recall)
    assert made.candidate == Candidate("c.safetensors", (LoraUse("x", 0.7),))
    assert made.prompt == "a boat, sails"
    unknown = read_making(graph, "9", nothing)
    assert (unknown.prompt, unknown.checkpoint, unknown.loras) == ("a boat", None, None)


def test_loras_that_changed_nothing_are_told_but_are_no_part_of_the_candidate() -> None:
    graph = sampled(model=["10", 0])
    graph["10"] = node("VibesAutoLora", model=["1", 0], clip=["1", 1], mode="auto")
    uses = (LoraUse("x", 0.7), LoraUse("y", 0.5), LoraUse("z", 0.0))
    made = read_making(graph, "9", remembering(n10=Chosen(None, uses, inert=frozenset({"x"}))))
    assert made.loras == uses
    assert made.candidate == Candidate("a.safetensors", (LoraUse("y", 0.5),))


@pytest.mark.parametrize(
    ("mode", "loras", "expected"),
    [
        ("explicit", "x:0.7, y:1", (LoraUse("x", 0.7), LoraUse("y", 1.0))),
        ("explicit", "x", None),
        ("off", "x:0.7", ()),
        ("auto", "", None),
    ],
)
def test_a_pack_node_that_did_not_choose_tells_what_it_was_told(
    mode: str, loras: str, expected: tuple[LoraUse, ...] | None
) -> None:
    graph = sampled(model=["10", 0])
    graph["1"] = node("VibesCheckpointPool", mode="fixed", checkpoint="b.safetensors")
    graph["10"] = node("VibesAutoLora", model=["1", 0], clip=["1", 1], mode=mode, loras=loras)
    made = read_making(graph, "9", nothing)
    assert (made.checkpoint, made.loras) == ("b.safetensors", expected)


def test_values_are_followed_to_the_nodes_that_hold_them() -> None:
    graph = sampled(seed=["20", 0], steps=["21", 0], cfg=["22", 1], sampler_name=["23", 0])
    graph["20"] = node("PrimitiveInt", value=99)
    graph["21"] = node("VibesStudioInput", slot="steps", value=4, passed=["24", 0])
    graph["22"] = node("VibesParameters", prompt="a boat")
    graph["23"] = node("Unheard", x=1)
    graph["24"] = node("PrimitiveInt", value=30)
    made = read_making(graph, "9", remembering(n22=Chosen(None, (), {1: 5})))
    assert (made.seed, made.steps, made.cfg, made.sampler) == (99, 30, 5.0, None)


def test_samplers_made_of_several_nodes_tell_the_same() -> None:
    graph = sampled()
    graph["5"] = node(
        "SamplerCustomAdvanced",
        noise=["10", 0],
        guider=["11", 0],
        sampler=["12", 0],
        sigmas=["13", 0],
        latent_image=["4", 0],
    )
    graph["10"] = node("RandomNoise", noise_seed=7)
    graph["11"] = node("CFGGuider", model=["1", 0], positive=["2", 0], negative=["3", 0], cfg=6.5)
    graph["12"] = node("KSamplerSelect", sampler_name="euler")
    graph["13"] = node("BasicScheduler", model=["1", 0], scheduler="karras", steps=20, denoise=1.0)
    assert read_making(graph, "9", nothing) == PLAIN


def test_the_model_is_the_guider_s_and_not_the_one_the_sigmas_are_computed_for() -> None:
    graph = sampled()
    graph["5"] = node("SamplerCustomAdvanced", noise=["10", 0], guider=["11", 0], sigmas=["13", 0])
    graph["10"] = node("RandomNoise", noise_seed=7)
    graph["11"] = node("BasicGuider", model=["12", 0], conditioning=["2", 0])
    graph["12"] = node("LoraLoaderModelOnly", model=["1", 0], lora_name="x", strength_model=0.5)
    graph["13"] = node("BasicScheduler", model=["1", 0], scheduler="simple", steps=4, denoise=1.0)
    assert read_making(graph, "9", nothing).loras == (LoraUse("x", 0.5),)


def test_a_guider_with_one_conditioning_and_a_lone_unet_are_read() -> None:
    graph = sampled()
    graph["1"] = node("UNETLoader", unet_name="flux.safetensors", weight_dtype="default")
    graph["5"] = node("SamplerCustomAdvanced", noise=["10", 0], guider=["11", 0])
    graph["10"] = node("RandomNoise", noise_seed=7)
    graph["11"] = node("BasicGuider", model=["1", 0], conditioning=["12", 0])
    graph["12"] = node("FluxGuidance", conditioning=["2", 0], guidance=3.5)
    made = read_making(graph, "9", nothing)
    assert (made.prompt, made.negative_prompt, made.checkpoint) == (
        "a boat",
        None,
        "flux.safetensors",
    )


def second_pass(graph: Graph) -> Graph:
    again = copy.deepcopy(graph["5"]["inputs"])
    graph["7"] = node("LatentUpscale", samples=["5", 0], width=1024, height=1536)
    graph["8"] = node("KSampler", **{**again, "latent_image": ["7", 0], "denoise": 0.4, "seed": 8})
    graph["6"]["inputs"]["samples"] = ["8", 0]
    return graph


def test_of_several_samplers_the_last_counts_and_the_size_of_the_first() -> None:
    made = read_making(second_pass(sampled()), "9", nothing)
    assert (made.seed, made.denoise) == (8, 0.4)
    assert (made.width, made.height) == (512, 768)


def test_a_part_pasted_over_its_own_picture_is_the_last_sampler_s() -> None:
    graph = second_pass(sampled())
    graph["60"] = node("VAEDecode", samples=["5", 0], vae=["1", 2])
    graph["61"] = node("ImageCompositeMasked", destination=["60", 0], source=["6", 0])
    graph["9"]["inputs"]["images"] = ["61", 0]
    assert read_making(graph, "9", nothing).seed == 8


def test_pictures_of_two_samplers_tell_only_what_they_share() -> None:
    graph = sampled()
    graph["50"] = node("KSampler", **{**graph["5"]["inputs"], "model": ["51", 0], "steps": 30})
    graph["51"] = node("CheckpointLoaderSimple", ckpt_name="b.safetensors")
    graph["60"] = node("VAEDecode", samples=["50", 0], vae=["1", 2])
    graph["61"] = node("ImageBatch", image1=["6", 0], image2=["60", 0])
    graph["9"]["inputs"]["images"] = ["61", 0]
    made = read_making(graph, "9", nothing)
    assert (made.prompt, made.seed, made.cfg) == ("a boat", 7, 6.5)
    assert (made.checkpoint, made.steps, made.candidate) == (None, None, None)


def test_a_sampler_that_starts_late_redraws_the_rest() -> None:
    graph = sampled(noise_seed=3, start_at_step=5, end_at_step=10000)
    graph["5"]["class_type"] = "KSamplerAdvanced"
    del graph["5"]["inputs"]["seed"], graph["5"]["inputs"]["denoise"]
    made = read_making(graph, "9", nothing)
    assert (made.seed, made.denoise) == (3, 0.75)


def test_an_empty_prompt_is_known_and_one_that_nobody_tells_is_not() -> None:
    graph = sampled(positive=["10", 0])
    graph["3"]["inputs"]["text"] = ""
    graph["10"] = node("SomeEncoder", clip=["1", 1])
    made = read_making(graph, "9", nothing)
    assert (made.prompt, made.negative_prompt) == (None, "")
    graph["3"] = node("ConditioningZeroOut", conditioning=["2", 0])
    assert read_making(graph, "9", nothing).negative_prompt == ""


def test_a_picture_that_was_loaded_tells_nothing() -> None:
    graph = {"1": node("LoadImage", image="x.png"), "9": node("VibesPreview", images=["1", 0])}
    assert read_making(graph, "9", nothing) == Making()
    assert read_making(graph, "no such node", nothing) == Making()


LINKS = st.tuples(st.sampled_from([*sampled(), "0"]), st.integers(-1, 3)).map(list)
VALUES = st.one_of(LINKS, st.none(), st.text(), st.integers(), st.floats(), st.lists(st.integers()))
NAMES = st.sampled_from(
    [
        "model",
        "positive",
        "negative",
        "latent_image",
        "guider",
        "seed",
        "text",
        "value",
        "ckpt_name",
    ]
)


@given(st.dictionaries(st.sampled_from([*sampled()]), st.dictionaries(NAMES, VALUES)))
def test_no_graph_that_json_can_hold_is_an_error(changes: dict[str, dict[str, Any]]) -> None:
    graph = sampled()
    for key, inputs in changes.items():
        graph[key]["inputs"] |= inputs
    made = read_making(json.loads(json.dumps(graph)), "9", nothing)
    assert isinstance(made, Making)
