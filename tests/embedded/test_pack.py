"""What LoRAs do on an embedded server, and how one with this project's nodes reports it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

DEFINITIONS = Path(__file__).parents[1] / "nodes" / "object_info.json"
FITTING, FOREIGN = "tiny-lora.safetensors", "beach_sunset.safetensors"


async def pixels(client, graph, **more):
    entry = await client.run(graph, **more)
    [picture] = entry["outputs"]["save"]["images"]
    return Image.open(io.BytesIO(await client.picture(picture))).tobytes()


@pytest.mark.parametrize("render", [True, False])
async def test_a_lora_of_the_checkpoint_s_family_shows_and_one_of_another_does_not(
    start, graph, render
):
    client = await start(render=render)
    without = await pixels(client, graph(lora__strength_model=0.0))
    assert await pixels(client, graph(lora__lora_name=FITTING)) != without
    assert await pixels(client, graph(lora__lora_name=FOREIGN)) == without


def with_pack(graph, **inputs):
    """The same graph through the pack's nodes."""
    changed = graph()
    changed["loader"] = {
        "class_type": "VibesCheckpointPool",
        "inputs": {"mode": "fixed", "checkpoint": "tiny-a.safetensors"},
    }
    links = {name: changed["lora"]["inputs"][name] for name in ("model", "clip")}
    inputs = {"mode": "explicit", "loras": f"{FITTING}:0.7, {FOREIGN}:0.5", **inputs}
    changed["lora"] = {"class_type": "VibesAutoLora", "inputs": {**links, **inputs}}
    return changed


async def test_the_pack_s_nodes_make_the_same_picture_and_count_what_each_lora_changes(
    start, graph
):
    client = await start(render=False, pack=True)
    entry = await client.run(with_pack(graph))
    fitting, foreign = entry["outputs"]["lora"]["vibes_loras"]
    assert (fitting["name"], fitting["strength"]) == (FITTING, 0.7)
    assert fitting["keys"] > 0
    assert (foreign["name"], foreign["keys"]) == (FOREIGN, 0)
    assert entry["outputs"]["loader"] == {"vibes_checkpoint": ["tiny-a.safetensors"]}
    assert await pixels(client, with_pack(graph)) == await pixels(client, graph())


async def test_nodes_that_are_not_run_again_repeat_their_report(start, graph):
    client = await start(render=False, pack=True)
    first = await client.run(with_pack(graph))
    again = await client.run(with_pack(graph))
    assert again["outputs"]["lora"] == first["outputs"]["lora"]


async def test_without_a_mode_of_listing_no_lora_is_applied(start, graph):
    client = await start(render=False, pack=True)
    entry = await client.run(with_pack(graph, mode="off"))
    assert entry["outputs"]["lora"]["vibes_loras"] == []


class Lent:
    """Scores by the width."""

    models = ("tiny",)

    def __call__(self, picture, text, model):
        return picture.width / 1000, f"{model}: {text}"


def with_score(graph, model):
    """The same graph, its picture scored before it is saved."""
    changed = graph()
    inputs = {"image": ["decode", 0], "text": "a beach", "model": model}
    changed["score"] = {"class_type": "VibesClipScore", "inputs": inputs}
    changed["save"]["inputs"]["images"] = ["score", 0]
    return changed


async def choices(client):
    info = (await client.get("/object_info/VibesClipScore"))["VibesClipScore"]
    return info["input"]["required"]["model"][1]["options"]


async def test_without_a_scorer_pictures_pass_on_unscored(start, graph):
    client = await start(render=False, pack=True)
    assert await choices(client) == ["none installed"]
    entry = await client.run(with_score(graph, "default"))
    assert entry["outputs"]["score"] == {"vibes_scores": []}
    assert await pixels(client, with_score(graph, "none installed")) == await pixels(
        client, graph()
    )


async def test_a_lent_scorer_scores_every_picture_and_changes_none(start, graph):
    client = await start(render=False, pack=True, scorer=Lent())
    assert await choices(client) == ["tiny"]
    entry = await client.run(with_score(graph, "tiny"))
    assert entry["outputs"]["score"] == {"vibes_scores": ["tiny: a beach"]}
    assert await pixels(client, with_score(graph, "tiny")) == await pixels(client, graph())
    entry = await client.run(with_score(graph, "best"))
    assert entry["outputs"]["score"] == {"vibes_scores": []}


def marker(slot, value="", **passed):
    return {"class_type": "VibesStudioInput", "inputs": {"slot": slot, "value": value, **passed}}


async def test_markers_pass_on_numbers_names_and_models(start, graph):
    client = await start(render=False, pack=True)
    changed = graph()
    sampler = next(node for node in changed.values() if node["class_type"] == "KSampler")["inputs"]
    slots = {"steps": "steps", "cfg": "cfg", "sampler": "sampler_name", "scheduler": "scheduler"}
    for slot, name in slots.items():
        changed[f"the {slot}"] = marker(slot, str(sampler[name]))
        sampler[name] = [f"the {slot}", 0]
    changed["the model"] = marker("loras", passed=sampler["model"])
    sampler["model"] = ["the model", 0]
    changed["save"]["class_type"] = "VibesStudioOutput"
    assert await pixels(client, changed) == await pixels(client, graph())
    changed["the steps"]["inputs"]["value"] = "many"
    entry = await client.run(changed)
    assert entry["status"]["status_str"] == "error"


async def test_a_lora_that_is_not_there_fails_the_run(start, graph):
    client = await start(render=False, pack=True)
    entry = await client.run(with_pack(graph, loras="gone.safetensors:1"))
    assert entry["status"]["status_str"] == "error"


async def test_without_the_pack_its_nodes_do_not_exist(client, graph):
    status, reply = await client.post("/prompt", {"prompt": with_pack(graph)})
    assert (status, reply["error"]["type"]) == (400, "invalid_prompt")
    assert await client.get("/object_info/VibesAutoLora") == {}


async def test_the_nodes_are_described_as_the_real_ones_are(start):
    client = await start(pack=True)
    real = json.loads(DEFINITIONS.read_text())
    played = await client.get("/object_info")
    assert real.keys() & played.keys() > {"VibesCheckpointPool", "VibesStudioInput"}
    for name in real.keys() & played.keys():
        definition = real[name]
        ours = (await client.get(f"/object_info/{name}"))[name]
        for told in ("input_order", "output", "display_name", "category", "output_node"):
            assert ours[told] == definition[told]


async def test_a_run_of_a_server_with_the_pack_has_a_name_of_its_own(start):
    boots = {(await (await start(pack=True)).get("/vibes/health"))["boot"] for _ in range(2)}
    assert len(boots) == 2
