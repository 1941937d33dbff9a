"""What a server tells about itself and its models."""

from __future__ import annotations

import pytest

from companion_app.embedded import FULL_LIBRARY, PARTIAL_LIBRARY
from companion_app.embedded.node_table import NODES


async def test_every_node_is_described_alone_and_together(client):
    together = await client.get("/object_info")
    assert set(together) == set(NODES)
    for name, description in together.items():
        assert await client.get(f"/object_info/{name}") == {name: description}
    assert await client.get("/object_info/Unheard") == {}


async def test_choices_come_in_the_shape_of_their_interface(client):
    loader = (await client.get("/object_info/CheckpointLoaderSimple"))["CheckpointLoaderSimple"]
    assert "epicrealism.safetensors" in loader["input"]["required"]["ckpt_name"][0]
    upscaler = (await client.get("/object_info/UpscaleModelLoader"))["UpscaleModelLoader"]
    kind, options = upscaler["input"]["required"]["model_name"]
    assert (kind, "4x-UltraSharp.pth" in options["options"]) == ("COMBO", True)


async def test_models_come_with_sizes_and_metadata(client):
    names = await client.get("/models/loras")
    files = await client.get("/experiment/models/loras")
    assert [file["name"] for file in files] == names
    assert all(file["size"] > 0 for file in files)
    metadata = await client.get("/view_metadata/loras?filename=beach_sunset.safetensors")
    assert metadata["ss_base_model_version"] == "sd_v1"
    assert await client.get("/embeddings") == ["badhands_v4", "easynegative"]


@pytest.mark.parametrize(
    "path", ["/models/unheard", "/view_metadata/loras?filename=absent", "/experiment/models/none"]
)
async def test_unknown_folders_and_files_are_404(client, path):
    async with client.http.get(path) as reply:
        assert reply.status == 404


async def test_every_route_is_there_below_api_too(client):
    assert await client.get("/api/features") == await client.get("/features")
    async with client.http.ws_connect("/api/ws") as socket:
        assert (await socket.receive_json())["type"] == "status"


async def test_it_introduces_itself_as_the_version_it_speaks(client):
    stats = await client.get("/system_stats")
    assert stats["system"]["comfyui_version"] == "0.3.64"
    assert stats["devices"][0]["vram_total"] > 0


async def test_a_loaded_checkpoint_takes_memory(client, graph):
    await client.run(graph(loader__ckpt_name="epicrealism.safetensors"))
    device = (await client.get("/system_stats"))["devices"][0]
    taken = FULL_LIBRARY.file("checkpoints", "epicrealism.safetensors").size
    assert device["vram_total"] - device["vram_free"] == taken


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), (None, 200)])
async def test_pages_of_another_origin_are_kept_out(client, origin, status):
    headers = {"Origin": origin} if origin else {}
    async with client.http.get("/queue", headers=headers) as reply:
        assert reply.status == status


async def test_the_second_library_lacks_files_and_spells_like_windows(start):
    client = await start(models=PARTIAL_LIBRARY)
    names = await client.get("/models/loras")
    assert "styles\\watercolor.safetensors" in names
    assert not any("/" in name for name in names)
    assert "toonyou_beta6.safetensors" not in await client.get("/models/checkpoints")
