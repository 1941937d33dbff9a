"""The nodes inside a real ComfyUI."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from PIL import Image

from comfy_nodes.choices import HERE, choose_checkpoint, new_taste
from comfy_nodes.memory import Memory
from tests.comfyui.servers import ComfyUI
from vibes.catalog import Listing, build_catalog
from vibes.catalog.scan import FolderScanner
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import load_settings
from vibes.workflows import PACK_SCORE, Scoring, build_graph, load_template

pytestmark = pytest.mark.comfyui

DEFINITIONS = Path(__file__).with_name("object_info.json")
FILES_HERE = (
    ("VibesCheckpointPool", "optional", "checkpoint"),
    (PACK_SCORE, "required", "model"),
)
"""Node, group and input whose options are the files of the machine."""

PACK = frozenset({"VibesCheckpointPool", "VibesAutoLora"})
CHECKPOINTS = ("tiny-a.safetensors", "tiny-b.safetensors")
LORA = "tiny-lora.safetensors"
PATIENCE = 120  # seconds for one picture on a busy machine

Graph = dict[str, Any]


def call(server: ComfyUI, path: str, body: object = None, **query: str) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}{path}?{urlencode(query)}", data=data)
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        content = reply.read()
    return json.loads(content) if path != "/view" else content


def run(server: ComfyUI, graph: Graph) -> dict[str, Any]:
    """Run a graph to its end and return its history."""
    return ended(server, submit(server, graph))


def submit(server: ComfyUI, graph: Graph) -> str:
    prompt_id = uuid4().hex
    body = {"prompt": graph, "prompt_id": prompt_id, "client_id": "test"}
    assert call(server, "/prompt", body)["node_errors"] == {}
    return prompt_id


def ended(server: ComfyUI, prompt_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not (history := call(server, f"/history/{prompt_id}")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    entry: dict[str, Any] = history[prompt_id]
    return entry


def refusal(server: ComfyUI, graph: Graph) -> str:
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(server, "/prompt", {"prompt": graph, "client_id": "test"})
    with caught.value as reply:
        faults = json.load(reply)["node_errors"].values()
    return " ".join(error["details"] for fault in faults for error in fault["errors"])


def report(entry: dict[str, Any], key: str) -> Any:
    """Return what a node reported; a cached node repeats its report."""
    assert entry["status"]["status_str"] == "success", entry["status"]
    (found,) = (output[key] for output in entry["outputs"].values() if key in output)
    return found


def pixels(server: ComfyUI, entry: dict[str, Any]) -> bytes:
    (file,) = report(entry, "images")
    return Image.open(io.BytesIO(call(server, "/view", **file))).tobytes()


def studio_graph(
    candidate: Candidate,
    *,
    prompt: str,
    seed: int,
    node_classes: frozenset[str],
    scoring: Scoring | None,
) -> Graph:
    """The graph the studio would send for a small draft."""
    recipe = Recipe(
        template="draft",
        tier="tiny_test",
        prompt=prompt,
        candidate=candidate,
        seed=seed,
        width=64,
        height=96,
        steps=1,
        cfg=1.0,
        sampler="euler",
        scheduler="normal",
    )
    return build_graph(
        load_template("draft"),
        recipe,
        spelling=lambda kind, name: name,
        source=None,
        prefix=f"vibes/{uuid4().hex}",
        node_classes=node_classes,
        family="sd3",
        scoring=scoring,
    ).graph


@pytest.fixture
def draft() -> Callable[..., Graph]:
    def make(
        pack: bool = True,
        strength: float = 0.7,
        lora: str = LORA,
        seed: int = 1,
        scoring: Scoring | None = None,
    ) -> Graph:
        return studio_graph(
            Candidate(CHECKPOINTS[0], (LoraUse(lora, strength),)),
            prompt="a beach",
            seed=seed,
            node_classes=PACK | {PACK_SCORE} if pack else frozenset(),
            scoring=scoring,
        )

    return make


def node(graph: Graph, class_type: str) -> dict[str, Any]:
    (found,) = (item["inputs"] for item in graph.values() if item["class_type"] == class_type)
    inputs: dict[str, Any] = found
    return inputs


def definitions(server: ComfyUI) -> dict[str, Any]:
    """What ComfyUI tells of the pack's nodes, without what only this machine has."""
    told = call(server, "/object_info")
    found = {name: told[name] for name in sorted(told) if name.startswith("Vibes")}
    for definition in found.values():
        del definition["python_module"]  # the folder's name
    for name, group, listed in FILES_HERE:
        del found[name]["input"][group][listed][1]["options"]
    return found


def test_node_definitions_are_the_recorded_ones(
    comfyui_with_pack: ComfyUI, pytestconfig: pytest.Config
) -> None:
    """Ids, inputs, their order and outputs: saved workflows depend on all of them."""
    found = definitions(comfyui_with_pack)
    if pytestconfig.getoption("--record-comfyui"):
        DEFINITIONS.write_text(json.dumps(found, indent=1) + "\n")
    assert json.dumps(found) == json.dumps(json.loads(DEFINITIONS.read_text()))


def test_the_pool_lists_the_checkpoints_that_are_here(comfyui_with_pack: ComfyUI) -> None:
    told = call(comfyui_with_pack, "/object_info/VibesCheckpointPool")["VibesCheckpointPool"]
    assert set(CHECKPOINTS) == set(told["input"]["optional"]["checkpoint"][1]["options"])


def test_the_pack_s_nodes_make_the_picture_the_core_loaders_make(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    ours = run(comfyui_with_pack, draft())
    core = run(comfyui_with_pack, draft(pack=False))
    assert pixels(comfyui_with_pack, ours) == pixels(comfyui_with_pack, core)
    assert report(ours, "vibes_checkpoint") == [CHECKPOINTS[0]]
    (lora,) = report(ours, "vibes_loras")
    assert (lora["name"], lora["strength"]) == (LORA, 0.7)
    assert lora["keys"] > 0


def test_a_lora_changes_the_picture_and_strength_0_does_not(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    def picture(graph: Graph) -> bytes:
        return pixels(comfyui_with_pack, run(comfyui_with_pack, graph))

    off = draft()
    node(off, "VibesAutoLora")["mode"] = "off"
    without = picture(off)
    assert picture(draft()) != without
    assert picture(draft(strength=0.0)) == without


def test_another_seed_leaves_the_models_cached(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    run(comfyui_with_pack, draft(seed=1))
    graph = draft(seed=2)
    messages = run(comfyui_with_pack, graph)["status"]["messages"]
    (cached,) = (data["nodes"] for event, data in messages if event == "execution_cached")
    assert {graph[name]["class_type"] for name in cached} >= PACK


def pooled(server: ComfyUI, graph: Graph, seed: int) -> str:
    """The checkpoint the pool explores with a seed, where the graph asks for a picture by it."""
    pool = node(graph, "VibesCheckpointPool")
    pool.clear()
    pool.update(mode="explore", tier="tiny_test", prompt="a beach", seed=seed)
    name: str = report(run(server, graph), "vibes_checkpoint")[0]
    return name


def test_exploring_finds_every_checkpoint_and_repeats_itself(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    chosen = [pooled(comfyui_with_pack, draft(), seed) for seed in range(6)]
    assert set(chosen) == set(CHECKPOINTS)
    assert [pooled(comfyui_with_pack, draft(), seed) for seed in range(6)] == chosen


def test_the_pool_picks_what_vibes_picks_of_these_files_by_what_was_learned(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    folder = comfyui_with_pack.base / "user" / "__vibes"
    learned = Memory(folder, load_settings(), new_policy=new_taste)
    files = FolderScanner("checkpoint", [comfyui_with_pack.base / "models" / "checkpoints"]).scan()
    catalog = build_catalog({HERE: Listing(checkpoints=files.entries)})
    for seed in range(6):
        made = choose_checkpoint(
            catalog, "tiny_test", prompt="a beach", explore=True, policy=learned.policy(seed)
        )
        assert pooled(comfyui_with_pack, draft(), seed) == made.candidate.checkpoint


def test_auto_finds_the_lora_by_its_trigger_and_the_model_s_family(
    comfyui_with_pack: ComfyUI, draft: Callable[..., Graph]
) -> None:
    graph = draft()
    node(graph, "VibesAutoLora").update(mode="auto", prompt="a speckled egg", seed=1)
    (lora,) = report(run(comfyui_with_pack, graph), "vibes_loras")
    assert lora["name"] == LORA
    assert lora["keys"] > 0


@pytest.mark.parametrize(
    ("class_type", "inputs", "sentence"),
    [
        ("VibesCheckpointPool", {"checkpoint": "tiny-aa.safetensors"}, "Did you mean tiny-a"),
        ("VibesCheckpointPool", {"checkpoint": ""}, "name one"),
        ("VibesCheckpointPool", {"mode": "fix"}, "There is no mode 'fix'; did you mean 'fixed'?"),
        ("VibesCheckpointPool", {"mode": "quick", "tier": "sd16"}, "There is no tier 'sd16'"),
        ("VibesAutoLora", {"loras": "tiny_lora:0.5"}, "Did you mean tiny-lora"),
        ("VibesAutoLora", {"loras": "tiny-lora"}, "name:strength"),
        ("VibesAutoLora", {"mode": "on"}, "There are auto, explicit, off"),
        (PACK_SCORE, {"model": "defualt"}, "There is no scoring model 'defualt'"),
    ],
)
def test_a_value_that_is_not_there_is_refused_before_anything_runs(
    class_type: str,
    inputs: dict[str, str],
    sentence: str,
    comfyui_with_pack: ComfyUI,
    draft: Callable[..., Graph],
) -> None:
    graph = draft(scoring=Scoring("default", "a beach"))
    node(graph, class_type).update(inputs)
    assert sentence in refusal(comfyui_with_pack, graph)


def test_help_pages_translations_and_workflows_are_served(comfyui_with_pack: ComfyUI) -> None:
    nodes = {*PACK, PACK_SCORE}
    assert call(comfyui_with_pack, "/i18n")["zh"]["nodeDefs"].keys() >= nodes
    templates = call(comfyui_with_pack, "/workflow_templates")
    assert {"draft", "refine", "finish"} <= set(templates["vibes-imgen"])
    for name in nodes:
        url = f"{comfyui_with_pack.url}/extensions/vibes-imgen/docs/{name}.md"
        with urllib.request.urlopen(url) as reply:
            assert reply.read().startswith(b"# ")
