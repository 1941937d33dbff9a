"""The marker nodes inside a real ComfyUI: a marked graph runs as it stands, and as the studio's."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.comfyui.servers import ComfyUI
from tests.nodes.test_on_comfyui import CHECKPOINTS, LORA, call, pixels, refusal, report, run
from tests.studio.harness import studio_over
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.settings import ServerConfig
from vibes.workflows import build_graph
from vibes.workflows.compile import compile_workflow
from vibes.workflows.markers import MARKERS
from vibes.workflows.template import Template, parse_template

pytestmark = pytest.mark.comfyui

Graph = dict[str, Any]
VALUES = {
    "checkpoint": CHECKPOINTS[0],
    "prompt": "a beach",
    "negative_prompt": "",
    "seed": "1",
    "steps": "1",
    "cfg": "1.0",
    "sampler": "euler",
    "scheduler": "normal",
    "denoise": "1.0",
    "width": "64",
    "height": "96",
}


def marker(slot: str, value: str = "", passed: list[Any] | None = None) -> dict[str, Any]:
    inputs = {"slot": slot, "value": value, **({"passed": passed} if passed else {})}
    return {"class_type": "VibesStudioInput", "inputs": inputs}


def marked_graph(**values: str) -> Graph:
    """A small picture from noise in which every input the studio may fill comes from a marker."""
    graph = {slot: marker(slot, value) for slot, value in {**VALUES, **values}.items()}
    sampling = ("seed", "steps", "cfg", "scheduler", "denoise")
    return graph | {
        "loader": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": ["checkpoint", 0]},
        },
        "loras": marker("loras", passed=["loader", 0]),
        "loras_clip": marker("loras_clip", passed=["loader", 1]),
        "positive": _text("prompt"),
        "negative": _text("negative_prompt"),
        "latent": {
            "class_type": "EmptySD3LatentImage",
            "inputs": {"width": ["width", 0], "height": ["height", 0], "batch_size": 1},
        },
        "sampled": {
            "class_type": "KSampler",
            "inputs": {
                **{name: [name, 0] for name in sampling},
                "sampler_name": ["sampler", 0],
                "model": ["loras", 0],
                "positive": ["positive", 0],
                "negative": ["negative", 0],
                "latent_image": ["latent", 0],
            },
        },
        "decoded": {
            "class_type": "VAEDecode",
            "inputs": {"samples": ["sampled", 0], "vae": ["loader", 2]},
        },
        "saved": {
            "class_type": "VibesStudioOutput",
            "inputs": {"images": ["decoded", 0], "filename_prefix": f"own/{uuid4().hex}"},
        },
    }


def _text(slot: str) -> dict[str, Any]:
    inputs = {"text": [slot, 0], "clip": ["loras_clip", 0]}
    return {"class_type": "CLIPTextEncode", "inputs": inputs}


def template(graph: Graph) -> Template:
    return parse_template("own", json.dumps(compile_workflow(graph)), place="own")


def recipe(**changes: Any) -> Recipe:
    fields: dict[str, Any] = {
        "template": "own",
        "tier": "tiny_test",
        "prompt": "a beach",
        "candidate": Candidate(CHECKPOINTS[0]),
        "seed": 1,
        "width": 64,
        "height": 96,
        "steps": 1,
        "cfg": 1.0,
        "sampler": "euler",
        "scheduler": "normal",
    }
    return Recipe(**{**fields, **changes})


def built(made: Recipe, *, pack: bool, source: str | None = None, graph: Graph) -> Graph:
    return build_graph(
        template(graph),
        made,
        spelling=lambda kind, name: name,
        source=source,
        prefix=f"vibes/{uuid4().hex}",
        node_classes=MARKERS if pack else frozenset(),
        family="sd3",
    ).graph


def picture(server: ComfyUI, graph: Graph) -> bytes:
    return pixels(server, run(server, graph))


def test_markers_fill_lists_numbers_and_texts_and_the_graph_runs_as_it_stands(
    comfyui_with_pack: ComfyUI,
) -> None:
    graph = marked_graph()
    [file] = report(run(comfyui_with_pack, graph), "images")
    saved = Image.open(io.BytesIO(call(comfyui_with_pack, "/view", **file)))
    assert saved.size == (64, 96)
    told = json.loads(saved.text["prompt"])
    assert {name: node["inputs"] for name, node in told.items()} == {
        name: node["inputs"] for name, node in graph.items()
    }


@pytest.mark.parametrize("loras", [(), (LoraUse(LORA, 0.7),)], ids=["plain", "with a LoRA"])
def test_the_studio_s_picture_is_the_same_with_markers_and_where_the_pack_is_missing(
    comfyui_with_pack: ComfyUI, loras: tuple[LoraUse, ...]
) -> None:
    made = recipe(candidate=Candidate(CHECKPOINTS[1], loras), seed=7, prompt="a tiny boat")
    graphs = [built(made, pack=pack, graph=marked_graph()) for pack in (True, False)]
    assert MARKERS & {node["class_type"] for node in graphs[0].values()}
    assert not MARKERS & {node["class_type"] for node in graphs[1].values()}
    assert picture(comfyui_with_pack, graphs[0]) == picture(comfyui_with_pack, graphs[1])
    by_hand = {"checkpoint": CHECKPOINTS[1], "seed": "7", "prompt": "a tiny boat"}
    as_it_stands = picture(comfyui_with_pack, marked_graph(**by_hand))
    assert (picture(comfyui_with_pack, graphs[0]) == as_it_stands) is not bool(loras)


def test_a_source_is_a_picture_of_the_input_folder_and_a_replaced_one_is_read_again(
    comfyui_with_pack: ComfyUI,
) -> None:
    name = f"{uuid4().hex}.png"
    path = comfyui_with_pack.base / "input" / name

    def graph(pack: bool) -> Graph:
        graph = marked_graph(denoise="0.3")
        graph["source"] = marker("source", name)
        inputs = {"pixels": ["source", 0], "vae": ["loader", 2]}
        graph["latent"] = {"class_type": "VAEEncode", "inputs": inputs}
        del graph["width"], graph["height"]
        return built(recipe(denoise=0.3), pack=pack, source=name, graph=graph)

    Image.new("RGB", (64, 64), "red").save(path)
    red = picture(comfyui_with_pack, graph(pack=True))
    assert red == picture(comfyui_with_pack, graph(pack=False))
    Image.new("RGB", (64, 64), "blue").save(path)
    assert picture(comfyui_with_pack, graph(pack=True)) != red


def _without_model(graph: Graph) -> None:
    del graph["loras"]["inputs"]["passed"]
    graph["sampled"]["inputs"]["model"] = ["loras", 0]


def _set(slot: str, value: str) -> Callable[[Graph], None]:
    return lambda graph: graph[slot]["inputs"].update(value=value)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_set("steps", "many"), "The slot 'steps' holds a whole number from 1 to 10000; 'many'"),
        (_set("cfg", "nan"), "The slot 'cfg' holds a number from 0.0 to 100.0; 'nan'"),
        (_set("sampler", "eular"), "no sampler 'eular' here; did you mean 'euler'?"),
        (_set("checkpoint", "tiny-aa.safetensors"), "did you mean 'tiny-a.safetensors'?"),
        (lambda graph: graph["seed"]["inputs"].update(slot="sead"), "There is no slot 'sead'"),
        (_without_model, "Connect the model to 'passed'"),
    ],
)
def test_a_value_its_slot_cannot_hold_is_refused_before_anything_runs(
    comfyui_with_pack: ComfyUI, spoil: Callable[[Graph], None], sentence: str
) -> None:
    graph = marked_graph()
    spoil(graph)
    assert sentence in refusal(comfyui_with_pack, graph)


def test_a_missing_picture_is_refused(comfyui_with_pack: ComfyUI) -> None:
    graph = marked_graph()
    graph["source"] = marker("source", "nowhere.png")
    graph["latent"] = {
        "class_type": "VAEEncode",
        "inputs": {"pixels": ["source", 0], "vae": ["loader", 2]},
    }
    assert "There is no picture 'nowhere.png'" in refusal(comfyui_with_pack, graph)


def test_the_output_saves_what_core_saves(comfyui_with_pack: ComfyUI) -> None:
    """Of the same run: the same pixels, the same texts in the file, the same report."""
    graph = marked_graph()
    inputs = {**graph["saved"]["inputs"], "filename_prefix": f"core/{uuid4().hex}"}
    graph["core"] = {"class_type": "SaveImage", "inputs": inputs}
    outputs = run(comfyui_with_pack, graph)["outputs"]
    ours, core = (_saved(comfyui_with_pack, outputs[name]) for name in ("saved", "core"))
    assert ours == core
    assert outputs["saved"]["images"][0].keys() == outputs["core"]["images"][0].keys()


def _saved(server: ComfyUI, output: Mapping[str, Any]) -> tuple[str, tuple[int, int], bytes, Any]:
    [file] = output["images"]
    url = f"{server.url}/view?filename={file['filename']}&subfolder={file['subfolder']}"
    with urllib.request.urlopen(f"{url}&type={file['type']}") as reply:
        image = Image.open(io.BytesIO(reply.read()))
    return image.format or "", image.size, image.tobytes(), image.text


async def test_the_studio_makes_a_grid_with_one_s_own_workflow_and_goes_on_with_its_stages(
    comfyui_with_pack: ComfyUI, tmp_path: Path
) -> None:
    """Brought as the picture that ComfyUI made with it, and then as the editor saves it."""
    [file] = report(run(comfyui_with_pack, marked_graph()), "images")
    brought = call(comfyui_with_pack, "/view", **file)
    server = ServerConfig.model_validate({"name": "real", "url": comfyui_with_pack.url})
    async with studio_over([server], tmp_path, default_tier="tiny_test") as api:
        reply = await api.http.post("/api/workflows/file", params={"name": "own"}, content=brought)
        assert reply.status_code == 201, reply.text
        assert reply.json()["servers"] == [{"name": "real", "can": True, "lacks": []}]
        session = await api.session()
        grid = await api.grid(session, template="own", count=3, aspect_ratio="square")
        assert grid["state"] == "done", grid
        following = await api.iterate(session, grid, 0)
        assert following["state"] == "done", following
        example = (await api.http.get("/api/workflows/your-own-workflow")).content
        await api.http.post("/api/workflows/file", params={"name": "example"}, content=example)
        grid = await api.grid(session, template="example", count=1, aspect_ratio="square")
        assert grid["state"] == "done", grid
        made = (await api.http.get(grid["images"][0]["url"])).content
    told = json.loads(Image.open(io.BytesIO(made)).text["prompt"])
    assert {node["class_type"] for node in told.values()} >= MARKERS
