"""A user's own workflow, marked by nodes, is the same template as one marked by properties."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.marked import Graph, with_markers
from vibes.errors import FaultyWorkflow, InvalidInput
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.workflows import build_graph, load_template
from vibes.workflows.compile import compile_workflow
from vibes.workflows.markers import MARKED_SLOTS, MARKERS, typed_value
from vibes.workflows.template import REQUIRED_SLOTS, Template, parse_template

SHIPPED = ("draft", "refine", "finish")
OPTIONAL = sorted(set(MARKED_SLOTS) - REQUIRED_SLOTS - {"loras", "loras_clip", "source"})


def template(graph: Graph, name: str = "own") -> Template:
    return parse_template(name, json.dumps(compile_workflow(graph)), place=name)


def build(made: Template, recipe: Recipe, *, pack: bool) -> Graph:
    return build_graph(
        made,
        recipe,
        spelling=lambda kind, name: name,
        source="pick.png" if "source" in made.slots else None,
        prefix="vibes/x",
        node_classes=MARKERS if pack else frozenset(),
    ).graph


@pytest.mark.parametrize("name", SHIPPED)
def test_a_marked_workflow_has_the_slots_needs_and_output_of_the_shipped_one(name: str) -> None:
    own, shipped = template(with_markers(name)), load_template(name)
    assert own.slots.keys() == shipped.slots.keys()
    assert own.outputs == shipped.outputs
    assert own.needs == shipped.needs


@given(
    name=st.sampled_from(SHIPPED),
    unmarked=st.sets(st.sampled_from(OPTIONAL)),
    loras=st.booleans(),
    pack=st.booleans(),
)
def test_whatever_is_marked_the_same_recipe_makes_the_same_picture(
    name: str, unmarked: set[str], loras: bool, pack: bool
) -> None:
    """On a server without the pack the graph is that of the shipped template, value for value."""
    shipped = load_template(name)
    slots = shipped.slots.keys() - unmarked - (set() if loras else {"loras", "loras_clip"})
    own = template(with_markers(name, slots))
    assert own.slots.keys() == slots
    recipe = _recipe(name, loras=loras)
    kept = shipped.model_copy(update={"slots": {key: shipped.slots[key] for key in slots}})
    expected = _plain(build(kept, recipe, pack=False))
    if not pack:
        assert _plain(build(own, recipe, pack=False)) == expected
    else:
        classes = {node["class_type"] for node in build(own, recipe, pack=True).values()}
        assert classes >= MARKERS


def _recipe(name: str, *, loras: bool) -> Recipe:
    uses = (LoraUse("film", 0.5), LoraUse("ink", 0.7)) if loras else ()
    return Recipe(
        template=name,
        tier="sd15_draft",
        prompt="a beach",
        negative_prompt="blurry",
        candidate=Candidate("epic.safetensors", uses),
        seed=2**64 - 1,
        width=512,
        height=768,
        steps=21,
        cfg=6.5,
        sampler="dpmpp_2m",
        scheduler="karras",
        denoise=0.4,
    )


def _plain(graph: Graph) -> Graph:
    """Without titles, which markers in a node's place bring along."""
    return {key: {k: v for k, v in node.items() if k != "_meta"} for key, node in graph.items()}


def test_what_the_picture_is_not_made_from_is_left_out() -> None:
    graph = with_markers("draft")
    decoded = graph[graph["7"]["inputs"]["images"][0]]
    graph["preview"] = {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}}
    graph["mystery"] = {"class_type": "Mystery", "inputs": {"samples": decoded["inputs"]["vae"]}}
    own = template(graph)
    assert not {"preview", "mystery"} & own.graph.keys()
    assert "Mystery" not in own.needs.nodes


def test_an_upscaler_the_graph_names_is_needed() -> None:
    graph = with_markers("draft")
    graph["by"] = {"class_type": "UpscaleModelLoader", "inputs": {"model_name": "4x.pth"}}
    inputs = {"upscale_model": ["by", 0], "image": ["6", 0]}
    graph["large"] = {"class_type": "ImageUpscaleWithModel", "inputs": inputs}
    graph["7"]["inputs"]["images"] = ["large", 0]
    [model] = template(graph).needs.models
    assert (model.kind, model.name) == ("upscale_models", "4x.pth")


def _drop(slot: str) -> Callable[[Graph], None]:
    def drop(graph: Graph) -> None:
        marker = graph.pop(f"marks {slot}")["inputs"]
        for node in graph.values():
            for name, value in node["inputs"].items():
                if value == [f"marks {slot}", 0]:
                    node["inputs"][name] = marker.get("passed", marker["value"])

    return drop


def _twice(graph: Graph) -> None:
    graph["again"] = {"class_type": "VibesStudioInput", "inputs": {"slot": "seed", "value": "1"}}
    graph["4"]["inputs"]["steps"] = ["again", 0]


def _two_outputs(graph: Graph) -> None:
    graph["other"] = {**graph["7"], "_meta": {"title": "Second"}}


def _no_output(graph: Graph) -> None:
    graph["7"]["class_type"] = "SaveImage"


def _change(node: str, **inputs: Any) -> Callable[[Graph], None]:
    return lambda graph: graph[node]["inputs"].update(inputs)


def _circle(graph: Graph) -> None:
    graph["1"]["inputs"]["hint"] = ["6", 0]


FAULTS = [
    (_drop("checkpoint"), "The workflow marks no checkpoint"),
    (_drop("prompt"), "The workflow marks no prompt"),
    (_drop("seed"), "The workflow marks no seed"),
    (_drop("loras_clip"), "The slot 'loras' is marked, 'loras_clip' is not"),
    (_twice, "Nodes 'The seed' (marks seed) and 'VibesStudioInput' (again) are both for the slot"),
    (_two_outputs, "Nodes 'Draft' (7) and 'Second' (other) both save for the studio"),
    (_no_output, "The workflow has no Studio Output"),
    (_change("marks seed", slot="sead"), "Node 'The seed' (marks seed): its slot is 'sead'"),
    (_change("marks seed", slot=["1", 0]), "Node 'The seed' (marks seed): its slot is ['1', 0]"),
    (_change("marks seed", value=["1", 0]), "Node 'The seed' (marks seed): its value comes from"),
    (_change("marks seed", passed=["1", 0]), "Node 'The seed' (marks seed): disconnect its input"),
    (_change("marks loras", passed=None), "Node 'The loras' (marks loras): connect the model"),
    (_change("7", images=None), "Node 'Draft' (7): connect the picture"),
    (_change("7", filename_prefix=["1", 0]), "Node 'Draft' (7): its filename_prefix comes from"),
    (_change("4", steps=8), "Node 'The steps' (marks steps) is for the slot 'steps', but leads"),
    (_change("4", steps=["99", 0]), "Node 'Sampler' (4): its input 'steps' comes from node 99"),
    (_circle, "feed each other in a circle"),
]


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS)
def test_every_fault_is_a_sentence_that_names_the_node(
    spoil: Callable[[Graph], None], sentence: str
) -> None:
    graph = with_markers("draft")
    spoil(graph)
    with pytest.raises(FaultyWorkflow) as caught:
        compile_workflow(graph)
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
    assert all(problem.endswith((".", "both.")) for problem in caught.value.problems)


@pytest.mark.parametrize("document", [{}, {"1": 2}, {"1": {"class_type": "A"}}, {"graph": {}}])
def test_what_is_no_workflow_is_told_apart(document: dict[str, Any]) -> None:
    with pytest.raises(FaultyWorkflow, match="This is no workflow"):
        compile_workflow(document)


@pytest.mark.parametrize(
    ("slot", "text", "value"),
    [
        ("seed", "18446744073709551615", 2**64 - 1),
        ("steps", " 20 ", 20),
        ("cfg", "7", 7.0),
        ("denoise", "0.45", 0.45),
        ("prompt", "20", "20"),
        ("sampler", "euler", "euler"),
    ],
)
def test_a_value_is_what_its_slot_holds(slot: str, text: str, value: object) -> None:
    made = typed_value(slot, text)
    assert (made, type(made)) == (value, type(value))


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("seed", "-1"),
        ("steps", "7.5"),
        ("steps", ""),
        ("cfg", "nan"),
        ("cfg", "inf"),
        ("width", "9"),
    ],
)
def test_a_value_its_slot_cannot_hold_is_refused(slot: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=f"The slot '{slot}' holds"):
        typed_value(slot, text)


def test_the_example_marks_what_its_note_says_and_leaves_the_rest_alone() -> None:
    own = load_template("your-own-workflow")
    marked = {"checkpoint", "prompt", "seed", "negative_prompt", "width", "height"}
    assert own.slots.keys() == marked | {"loras", "loras_clip", "filename_prefix"}
    assert not own.needs.nodes & MARKERS
