"""The nodes about prompts inside a real ComfyUI."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from comfy_nodes.analysis import analysis_of, report
from tests.comfyui.servers import CHECKPOINTS, LORA, ComfyUI
from tests.nodes.test_on_comfyui import call, ended, refusal, run, submit
from tests.nodes.test_on_comfyui import report as reported
from tests.tiny_checkpoints import write_lora

pytestmark = pytest.mark.comfyui

PROMPT = "a photo of a lighthouse on a cliff at sunset"
Graph = dict[str, Any]


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def shown(entry: dict[str, Any], name: str) -> str:
    """The text a node shows."""
    assert entry["status"]["status_str"] == "success", entry["status"]
    [text] = entry["outputs"][name]["text"]
    return str(text)


def told(sources: dict[str, Any]) -> Graph:
    """Nodes that show what arrives, by the name of each."""
    return {name: node("PreviewAny", source=source) for name, source in sources.items()}


def parameters(**changed: Any) -> dict[str, Any]:
    inputs = {"prompt": PROMPT, "tier": "auto", "aspect_ratio": "portrait", "priority": "balanced"}
    return node("VibesParameters", **{**inputs, **changed})


def sampled() -> Graph:
    """A picture whose sampling is chosen by the node, of the checkpoint the pool loads."""
    return {
        "pool": node("VibesCheckpointPool", mode="fixed", checkpoint=CHECKPOINTS[0]),
        "chosen": parameters(checkpoint=["pool", 3]),
        "text": node("CLIPTextEncode", clip=["pool", 1], text=PROMPT),
        "empty": node("EmptyLatentImage", width=["chosen", 4], height=["chosen", 5], batch_size=1),
        "sampler": node(
            "KSampler",
            model=["pool", 0],
            positive=["text", 0],
            negative=["text", 0],
            latent_image=["empty", 0],
            seed=1,
            steps=["chosen", 0],
            cfg=["chosen", 1],
            sampler_name=["chosen", 2],
            scheduler=["chosen", 3],
            denoise=1.0,
        ),
        "decode": node("VAEDecode", samples=["sampler", 0], vae=["pool", 2]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix=uuid4().hex),
    }


def test_a_prompt_is_understood_as_the_studio_does_and_shown_on_the_node(
    comfyui_with_pack: ComfyUI,
) -> None:
    graph = {"it": node("VibesPromptAnalysis", prompt=PROMPT)}
    names = ("keywords", "style", "content", "quality", "complexity", "report")
    graph |= told({name: ["it", place] for place, name in enumerate(names)})
    entry = run(comfyui_with_pack, graph)
    found = analysis_of(PROMPT)
    assert shown(entry, "it") == shown(entry, "report") == report(found)
    assert shown(entry, "keywords") == ", ".join(found.keywords)
    assert (shown(entry, "style"), shown(entry, "content")) == ("photo", "architecture")
    assert shown(entry, "quality") == "standard"
    assert float(shown(entry, "complexity")) == found.complexity.score


def test_the_parameters_drive_a_sampler(comfyui_with_pack: ComfyUI) -> None:
    entry = run(comfyui_with_pack, sampled())
    [file] = entry["outputs"]["save"]["images"]
    picture = Image.open(io.BytesIO(call(comfyui_with_pack, "/view", **file)))
    assert picture.size == (64, 96)  # portrait, in the tier of the tiny checkpoints
    assert shown(entry, "chosen").startswith("Tier tiny_test.\n1 steps: as the tier's")


def test_sampler_and_scheduler_fit_every_list_of_them(comfyui_with_pack: ComfyUI) -> None:
    graph = sampled()
    graph["select"] = node("KSamplerSelect", sampler_name=["chosen", 2])
    graph["sigmas"] = node(
        "BasicScheduler", model=["pool", 0], scheduler=["chosen", 3], steps=["chosen", 0], denoise=1
    )
    graph["sampler"] = node(
        "SamplerCustom",
        model=["pool", 0],
        add_noise=True,
        noise_seed=1,
        cfg=["chosen", 1],
        positive=["text", 0],
        negative=["text", 0],
        sampler=["select", 0],
        sigmas=["sigmas", 0],
        latent_image=["empty", 0],
    )
    assert reported(run(comfyui_with_pack, graph), "images")


def test_parameters_are_not_chosen_anew_for_another_seed(comfyui_with_pack: ComfyUI) -> None:
    run(comfyui_with_pack, sampled())
    graph = sampled()
    graph["sampler"]["inputs"]["seed"] = 2
    assert was_cached(run(comfyui_with_pack, graph), "chosen")


def test_parameters_are_chosen_anew_when_model_files_change(comfyui_with_pack: ComfyUI) -> None:
    graph = {"chosen": parameters()} | told({"seen": ["chosen", 6]})
    run(comfyui_with_pack, graph)
    assert was_cached(run(comfyui_with_pack, graph), "chosen")
    new = comfyui_with_pack.base / "models" / "loras" / f"{uuid4().hex}.safetensors"
    write_lora(new, seed=3, trigger="dappled")
    try:
        assert not was_cached(run(comfyui_with_pack, graph), "chosen")
    finally:
        new.unlink()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tier": "tiny_tset"}, "There is no tier 'tiny_tset'; did you mean 'tiny_test'?"),
        ({"aspect_ratio": "wide"}, "There are portrait, landscape, square."),
        ({"priority": "qualty"}, "did you mean 'quality'?"),
        ({"checkpoint": "tiny-aa.safetensors"}, "Did you mean tiny-a"),
        ({"loras": "tiny_lora:0.5"}, "Did you mean tiny-lora"),
        ({"loras": LORA}, "name:strength"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(
    changed: dict[str, str], sentence: str, comfyui_with_pack: ComfyUI
) -> None:
    graph = {"chosen": parameters(**changed)} | told({"seen": ["chosen", 0]})
    assert sentence in refusal(comfyui_with_pack, graph)


def test_a_checkpoint_that_arrives_and_is_not_here_ends_the_run_with_a_sentence(
    comfyui_with_pack: ComfyUI,
) -> None:
    graph = {
        "name": node("PrimitiveString", value="tiny-aa"),
        "chosen": parameters(checkpoint=["name", 0]),
    } | told({"seen": ["chosen", 0]})
    entry = ended(comfyui_with_pack, submit(comfyui_with_pack, graph))
    event, data = entry["status"]["messages"][-1]
    assert (event, data["node_id"]) == ("execution_error", "chosen")
    assert "Did you mean tiny-a" in data["exception_message"]


def explain(**changed: Any) -> dict[str, Any]:
    inputs = {"prompt": PROMPT, "checkpoint": CHECKPOINTS[0], "level": "detailed"}
    return node("VibesExplain", **{**inputs, **changed})


def test_what_is_believed_of_a_checkpoint_is_told_and_shown(comfyui_with_pack: ComfyUI) -> None:
    graph = {
        "pool": node("VibesCheckpointPool", mode="fixed", checkpoint=CHECKPOINTS[0]),
        "it": explain(checkpoint=["pool", 3], loras=f"{LORA}:0.5"),
    } | told({"seen": ["it", 0]})
    entry = run(comfyui_with_pack, graph)
    assert shown(entry, "it") == shown(entry, "seen")
    assert "tiny-lora" in shown(entry, "it")


def test_an_explanation_is_renewed_by_what_is_learned_and_by_nothing_else(
    comfyui_with_pack: ComfyUI,
) -> None:
    word = f"zorngram{uuid4().hex[:8]}"  # no other test has rated it
    rated = sampled()
    rated["show"] = node("VibesPreview", images=["decode", 0], prompt=["words", 0])
    rated["words"] = node("PrimitiveString", value=word)
    rated["sampler"]["inputs"]["seed"] = uuid4().int % 2**32
    [picture] = reported(run(comfyui_with_pack, rated), "vibes_images")
    graph = {"it": explain(prompt=word, level="minimal")}
    before = shown(run(comfyui_with_pack, graph), "it")
    assert before == shown(run(comfyui_with_pack, graph), "it")
    assert was_cached(run(comfyui_with_pack, graph), "it")
    call(comfyui_with_pack, "/vibes/rate", {"image": picture["image"], "overall": 5})
    again = run(comfyui_with_pack, graph)
    assert not was_cached(again, "it")
    assert shown(again, "it") == f"You liked the one picture you rated for '{word}'."


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"level": "detaild"}, "did you mean 'detailed'?"),
        ({"checkpoint": "tiny-aa"}, "Did you mean tiny-a"),
        ({"loras": "tiny_lora:1"}, "Did you mean tiny-lora"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    changed: dict[str, str], sentence: str, comfyui_with_pack: ComfyUI
) -> None:
    assert sentence in refusal(comfyui_with_pack, {"it": explain(**changed)})


def was_cached(entry: dict[str, Any], name: str) -> bool:
    [cached] = [
        data["nodes"] for event, data in entry["status"]["messages"] if event == "execution_cached"
    ]
    return name in cached
