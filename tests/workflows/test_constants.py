"""What a workflow decides itself, read from its graph, and the recipes that come out of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stages.samples import make_recipe
from tests.workflows.marked import with_markers
from vibes.workflows import Template, constants_of, load_template, record_of_recipe
from vibes.workflows.compile import compile_workflow
from vibes.workflows.template import to_template

LEAST = ("checkpoint", "prompt", "seed")


def template(graph: dict[str, Any]) -> Template:
    return to_template("own", compile_workflow(graph))


def sampler_of(graph: dict[str, Any]) -> dict[str, Any]:
    [inputs] = [one["inputs"] for one in graph.values() if one["class_type"] == "KSampler"]
    return inputs


@pytest.mark.parametrize("name", ["draft", "refine", "finish"])
def test_workflows_with_a_slot_for_everything_decide_nothing(name: str) -> None:
    found = constants_of(load_template(name))
    assert (found.told, found.untold) == ({}, ())


def test_what_has_no_slot_is_as_the_graph_has_it() -> None:
    graph = with_markers("draft", (*LEAST, "steps"))
    sampler_of(graph).update(cfg=3.5, sampler_name="heun", scheduler="beta", denoise=1)
    latent = next(one for one in graph.values() if one["class_type"] == "EmptyLatentImage")
    latent["inputs"].update(width=640, height=448)
    found = constants_of(template(graph))
    assert found.told == {
        "cfg": 3.5,
        "sampler": "heun",
        "scheduler": "beta",
        "denoise": 1.0,
        "width": 640,
        "height": 448,
    }
    assert found.untold == ()
    recipe = found.within(make_recipe(steps=33, cfg=7.0, sampler="euler"))
    assert (recipe.steps, recipe.cfg, recipe.sampler) == (33, 3.5, "heun")
    assert (recipe.width, recipe.height) == (640, 448)


def test_of_two_samplers_the_last_one_decides() -> None:
    graph = with_markers("draft", LEAST)
    [first] = [node for node, one in graph.items() if one["class_type"] == "KSampler"]
    again = {**sampler_of(graph), "latent_image": [first, 0], "steps": 9, "denoise": 0.4}
    graph["again"] = {"class_type": "KSampler", "inputs": again}
    decode = next(one for one in graph.values() if one["class_type"] == "VAEDecode")
    decode["inputs"]["samples"] = ["again", 0]
    told = constants_of(template(graph)).told
    assert (told["steps"], told["denoise"]) == (9, 0.4)


def test_what_the_graph_does_not_tell_is_named_and_left_out_of_the_picture_s_record() -> None:
    graph = with_markers("draft", LEAST)
    steps = {"class_type": "StepsByMood", "inputs": {"mood": "calm"}}
    graph["mood"] = steps
    sampler_of(graph)["steps"] = ["mood", 0]
    found = constants_of(template(graph))
    assert found.untold == ("steps",)
    assert found.by_name["steps"] is None
    recipe = found.within(make_recipe(steps=20))
    assert (recipe.steps, recipe.untold) == (20, ("steps",))
    assert type(recipe).from_dict(recipe.to_dict()) == recipe
    record = record_of_recipe(recipe)
    assert record.steps is None
    assert record.cfg == recipe.cfg
    assert constants_of(load_template("draft")).within(recipe).untold == ()


def test_a_recipe_of_an_earlier_version_names_nothing_as_untold() -> None:
    stored = make_recipe().to_dict()
    del stored["untold"]
    assert type(make_recipe()).from_dict(stored) == make_recipe()
