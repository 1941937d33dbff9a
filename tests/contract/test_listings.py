"""What a server says of itself: models, nodes, limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.recordings import Recordings, plain
from tests.contract.wire import Server

NODES = (
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyLatentImage",
    "EmptySD3LatentImage",
    "ImageScale",
    "ImageScaleBy",
    "ImageUpscaleWithModel",
    "KSampler",
    "LatentUpscale",
    "LatentUpscaleBy",
    "LoadImage",
    "LoraLoader",
    "SaveImage",
    "UpscaleModelLoader",
    "VAEDecode",
    "VAEDecodeTiled",
    "VAEEncode",
    "VAEEncodeTiled",
)
FILE_LISTS = {"ckpt_name", "lora_name", "model_name", "image"}


def shape(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node's description without the files a server has; options left out are none."""
    for inputs in node["input"].values():
        for name, (values, *options) in inputs.items():
            files = name in FILE_LISTS and isinstance(values, list)
            inputs[name] = [[] if files else values, *(options or [{}])]
    return node


@pytest.mark.parametrize("name", NODES)
async def test_a_node_is_described(name: str, server: Server, recordings: Recordings) -> None:
    reply = await server.get(f"/object_info/{name}")

    assert set(reply.body) == {name}
    recordings.check("object_info", name, shape(reply.body[name]))


async def test_all_nodes_are_described_as_each_one_is(server: Server) -> None:
    everything = (await server.get("/object_info")).body

    for name in NODES:
        assert everything[name] == (await server.get(f"/object_info/{name}")).body[name]


async def test_an_unknown_node_has_no_description(server: Server) -> None:
    assert await server.get("/object_info/NoSuchNode") == (200, {})


async def test_model_folders_are_listed(server: Server) -> None:
    folders = (await server.get("/models")).body

    assert {"checkpoints", "loras", "embeddings", "upscale_models", "vae"} <= set(folders)


@pytest.mark.parametrize(
    ("folder", "node", "name"),
    [
        ("checkpoints", "CheckpointLoaderSimple", "ckpt_name"),
        ("loras", "LoraLoader", "lora_name"),
    ],
)
async def test_a_folder_lists_what_its_loader_accepts(
    server: Server, folder: str, node: str, name: str
) -> None:
    files = (await server.get(f"/models/{folder}")).body
    info = (await server.get(f"/object_info/{node}")).body[node]

    assert files == sorted(files)
    assert files == info["input"]["required"][name][0]
    assert any(file.startswith("tiny-") for file in files)


async def test_an_unknown_folder_is_not_found(server: Server) -> None:
    assert (await server.get("/models/nowhere")).status == 404


async def test_embeddings_are_a_list_of_names(server: Server) -> None:
    names = (await server.get("/embeddings")).body

    assert all("." not in name for name in names)


async def test_a_model_tells_its_metadata(server: Server, recordings: Recordings) -> None:
    query = {"filename": "tiny-a.safetensors"}

    reply = await server.get("/view_metadata/checkpoints", params=query)

    assert reply.status == 200
    recordings.check("system", "metadata", reply.body)


@pytest.mark.parametrize("name", ["absent.safetensors", "absent.ckpt"])
async def test_metadata_of_a_missing_file_is_not_found(server: Server, name: str) -> None:
    assert (await server.get("/view_metadata/loras", params={"filename": name})).status == 404


async def test_sizes_of_models_are_told(server: Server) -> None:
    models = (await server.get("/experiment/models/checkpoints")).body

    by_name = {model["name"]: model for model in models}
    tiny = by_name["tiny-a.safetensors"]
    assert set(tiny) == {"name", "pathIndex", "modified", "created", "size"}
    assert isinstance(tiny["size"], int)


async def test_system_statistics_name_version_and_device(
    server: Server, recordings: Recordings
) -> None:
    stats = (await server.get("/system_stats")).body

    [device] = stats["devices"]
    assert isinstance(device["vram_total"], int)
    recordings.check("system", "version", stats["system"]["comfyui_version"])
    keys = {name: sorted(part) for name, part in {**stats, "devices": device}.items()}
    recordings.check("system", "system-stats-keys", keys)


async def test_features_tell_what_the_server_can(server: Server, recordings: Recordings) -> None:
    recordings.check("system", "features", (await server.get("/features")).body)


async def test_freeing_memory_is_accepted(server: Server) -> None:
    body = {"unload_models": True, "free_memory": True}

    assert await server.post("/free", body) == (200, b"")


async def test_every_route_exists_under_api_too(server: Server) -> None:
    for path in ("/features", "/models", "/object_info/KSampler"):
        assert await server.get(f"/api{path}") == await server.get(path)


async def test_a_route_of_newer_versions_is_not_found(server: Server) -> None:
    assert (await server.get("/api/jobs")).status == 404


async def test_descriptions_are_kept_without_texts_for_people() -> None:
    assert plain({"KSampler": {"description": "Denoises.", "name": "KSampler"}}) == {
        "KSampler": {"name": "KSampler"}
    }
