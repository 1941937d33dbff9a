from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput, NotFound
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.workflows import (
    PACK_SAVE,
    Graph,
    Scoring,
    Template,
    build_graph,
    graph_hash,
    load_template,
)

CORE = frozenset({"CheckpointLoaderSimple", "LoraLoader"})
PACK = CORE | {"VibesCheckpointPool", "VibesAutoLora", "VibesClipScore"}
SHIPPED = ("draft", "refine", "finish")

MakeRecipe = Callable[..., Recipe]


def windows(kind: str, name: str) -> str:
    return name.replace("/", "\\")


def build(template: Template, recipe: Recipe, **changes: Any) -> Graph:
    arguments: dict[str, Any] = {
        "spelling": windows,
        "source": "pick.png" if "source" in template.slots else None,
        "prefix": "vibes/0123",
        "node_classes": CORE,
    }
    return build_graph(template, recipe, **{**arguments, **changes})


def only(graph: Graph, class_type: str) -> dict[str, Any]:
    (node,) = (node for node in graph.graph.values() if node["class_type"] == class_type)
    inputs: dict[str, Any] = node["inputs"]
    return inputs


def source_of(graph: Graph, link: list[Any]) -> dict[str, Any]:
    node: dict[str, Any] = graph.graph[link[0]]
    return node


@pytest.mark.parametrize("name", SHIPPED)
def test_the_recipe_fills_every_slot(name: str, make_recipe: MakeRecipe) -> None:
    graph = build(load_template(name), make_recipe())
    sampler = only(graph, "KSampler")
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (2**64 - 1, 21, 6.5)
    assert (sampler["sampler_name"], sampler["scheduler"]) == ("dpmpp_2m", "karras")
    assert sampler["denoise"] == 0.4
    assert source_of(graph, sampler["positive"])["inputs"]["text"] == "a beach at dawn"
    assert source_of(graph, sampler["negative"])["inputs"]["text"] == "blurry"
    assert graph.graph[graph.output_node]["inputs"]["filename_prefix"] == "vibes/0123"
    sized = only(graph, "EmptyLatentImage" if name == "draft" else "ImageScale")
    assert (sized["width"], sized["height"]) == (512, 768)
    if name != "draft":
        assert only(graph, "LoadImage")["image"] == "pick.png"


def test_models_are_named_as_the_server_spells_them(make_recipe: MakeRecipe) -> None:
    graph = build(load_template("draft"), make_recipe(("light/film.safetensors", 0.5)))
    assert only(graph, "CheckpointLoaderSimple")["ckpt_name"] == "sub\\epicrealism.safetensors"
    assert only(graph, "LoraLoader")["lora_name"] == "light\\film.safetensors"


def test_building_leaves_the_template_as_it_was(make_recipe: MakeRecipe) -> None:
    template = load_template("refine")
    before = copy.deepcopy(template)
    build(template, make_recipe(("film", 0.5)), node_classes=PACK, family="sd3")
    assert template == before


@given(count=st.integers(0, 6), name=st.sampled_from(SHIPPED))
def test_loras_are_chained_in_order_into_every_reader(count: int, name: str) -> None:
    loras = [(f"lora{n}", 0.1 * (n + 1)) for n in range(count)]
    graph = build(load_template(name), _recipe(loras))
    sampler = only(graph, "KSampler")
    model, positive, negative = sampler["model"], sampler["positive"], sampler["negative"]
    clips = [source_of(graph, link)["inputs"]["clip"] for link in (positive, negative)]
    for lora, strength in reversed(loras):
        loader = source_of(graph, model)
        assert loader["inputs"]["lora_name"] == lora
        assert loader["inputs"]["strength_model"] == loader["inputs"]["strength_clip"] == strength
        assert clips == [[model[0], 1]] * 2
        model, clips = loader["inputs"]["model"], [loader["inputs"]["clip"]] * 2
    assert source_of(graph, model)["class_type"] == "CheckpointLoaderSimple"
    assert (model[1], clips[0][1]) == (0, 1)


def test_a_sixteen_channel_family_gets_its_own_latent(make_recipe: MakeRecipe) -> None:
    graph = build(load_template("draft"), make_recipe(), family="sd3")
    assert only(graph, "EmptySD3LatentImage")["width"] == 512
    graph = build(load_template("draft"), make_recipe(), family="sdxl")
    assert only(graph, "EmptyLatentImage")["width"] == 512


def test_the_pack_s_nodes_take_the_choices_as_explicit_inputs(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(("light/film", 0.5), ("beach", 0.75))
    graph = build(load_template("draft"), recipe, node_classes=PACK)
    pool = only(graph, "VibesCheckpointPool")
    assert pool == {"mode": "fixed", "checkpoint": "sub\\epicrealism.safetensors"}
    lora = only(graph, "VibesAutoLora")
    assert (lora["mode"], lora["loras"]) == ("explicit", "light\\film:0.5, beach:0.75")
    assert source_of(graph, lora["model"])["class_type"] == "VibesCheckpointPool"
    assert source_of(graph, only(graph, "KSampler")["model"])["inputs"] is lora


@pytest.mark.parametrize("name", SHIPPED)
def test_the_pack_s_node_saves_what_the_core_s_would(name: str, make_recipe: MakeRecipe) -> None:
    core = build(load_template(name), make_recipe())
    pack = build(load_template(name), make_recipe(), node_classes=CORE | {PACK_SAVE})
    assert pack.output_node == core.output_node
    assert only(pack, PACK_SAVE) == only(core, "SaveImage")


def test_only_the_picture_s_own_saving_node_is_replaced(make_recipe: MakeRecipe) -> None:
    template = load_template("draft")
    template.graph["99"] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
    graph = build(template, make_recipe(), node_classes=CORE | {PACK_SAVE})
    assert graph.graph["99"]["class_type"] == "SaveImage"


def test_without_loras_the_pack_s_lora_node_is_left_out(make_recipe: MakeRecipe) -> None:
    graph = build(load_template("draft"), make_recipe(), node_classes=PACK)
    assert "VibesAutoLora" not in {node["class_type"] for node in graph.graph.values()}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_picture_is_scored_between_decoding_and_saving(
    name: str, make_recipe: MakeRecipe
) -> None:
    template = load_template(name)
    before = build(template, make_recipe(), node_classes=PACK)
    graph = build(
        template, make_recipe(), node_classes=PACK, scoring=Scoring("default", "a beach at dawn")
    )
    saved = graph.graph[graph.output_node]["inputs"]
    score = source_of(graph, saved["images"])
    assert score["class_type"] == "VibesClipScore"
    assert (score["inputs"]["text"], score["inputs"]["model"]) == ("a beach at dawn", "default")
    assert saved["images"][1] == 0
    assert source_of(graph, score["inputs"]["image"])["class_type"].startswith("VAEDecode")
    added = graph.graph.keys() - before.graph.keys()
    assert {graph.graph[node]["class_type"] for node in added} == {"VibesClipScore"}
    assert template == load_template(name)


def test_a_server_without_the_scoring_node_is_not_asked_to_score(make_recipe: MakeRecipe) -> None:
    scoring = Scoring("default", "a beach")
    plain = build(load_template("draft"), make_recipe())
    assert build(load_template("draft"), make_recipe(), scoring=scoring) == plain


def test_a_template_whose_last_node_takes_no_images_is_left_alone(make_recipe: MakeRecipe) -> None:
    draft = load_template("draft").model_copy(deep=True)
    saved = draft.graph[draft.outputs["image"]]["inputs"]
    saved["samples"] = saved.pop("images")
    scoring = Scoring("default", "a beach")
    plain = build(draft, make_recipe(), node_classes=PACK)
    assert build(draft, make_recipe(), node_classes=PACK, scoring=scoring) == plain


@pytest.mark.parametrize("classes", [CORE, PACK])
def test_images_of_one_candidate_share_everything_before_the_sampler(
    classes: frozenset[str], make_recipe: MakeRecipe
) -> None:
    """ComfyUI keeps a node's result while its inputs are the same."""
    template = load_template("draft")
    one = build(template, make_recipe(("film", 0.5), seed=1), node_classes=classes, prefix="a")
    two = build(template, make_recipe(("film", 0.5), seed=2), node_classes=classes, prefix="b")
    changed = {node["class_type"] for id_, node in one.graph.items() if node != two.graph[id_]}
    assert changed == {"KSampler", "SaveImage"}


@pytest.mark.parametrize("missing", ["checkpoint", "lora"])
def test_a_model_the_server_lacks_is_an_error(missing: str, make_recipe: MakeRecipe) -> None:
    def spelling(kind: str, name: str) -> str | None:
        return None if kind == missing else name

    with pytest.raises(NotFound, match=f"has no {missing}"):
        build(load_template("draft"), make_recipe(("film", 0.5)), spelling=spelling)


def test_a_picture_is_neither_forgotten_nor_ignored(make_recipe: MakeRecipe) -> None:
    with pytest.raises(InvalidInput, match="starts from a picture"):
        build(load_template("refine"), make_recipe(), source=None)
    with pytest.raises(InvalidInput, match="cannot start from a picture"):
        build(load_template("draft"), make_recipe(), source="pick.png")


def test_loras_without_a_place_for_them_are_an_error(make_recipe: MakeRecipe) -> None:
    draft = load_template("draft")
    slots = {name: slot for name, slot in draft.slots.items() if "loras" not in name}
    template = draft.model_copy(update={"slots": slots})
    build(template, make_recipe())
    with pytest.raises(InvalidInput, match="no place for LoRAs"):
        build(template, make_recipe(("film", 0.5)))


def test_the_hash_follows_the_content_not_the_order_of_keys(make_recipe: MakeRecipe) -> None:
    template = load_template("draft")
    graph = build(template, make_recipe())
    turned = Graph(dict(reversed(graph.graph.items())), graph.output_node)
    assert graph_hash(graph) == graph_hash(turned)
    assert graph_hash(graph) != graph_hash(build(template, make_recipe(seed=2)))
    assert len(graph_hash(graph)) == 64


def _recipe(loras: list[tuple[str, float]]) -> Recipe:
    return Recipe(
        template="draft",
        tier="t",
        prompt="p",
        candidate=Candidate("c", tuple(LoraUse(name, strength) for name, strength in loras)),
        seed=1,
        width=64,
        height=64,
        steps=1,
        cfg=1.0,
        sampler="euler",
        scheduler="normal",
    )
