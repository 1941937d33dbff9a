"""What a ComfyUI with the pack tells of its model files."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from PIL import Image

from benchmarks.libraries import write_embedding_file, write_lora_file
from companion_app.fleet.client import ComfyClient
from companion_app.fleet.discovery import Discovery
from tests.comfyui.servers import LORA, ComfyUI
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui

STYLE = "styles/ink.safetensors"


@pytest.fixture(scope="module")
def library(comfyui_with_pack: ComfyUI) -> Iterator[Path]:
    """Beside the tiny LoRA: one with sidecar and preview, a broken one, an embedding."""
    models = comfyui_with_pack.base / "models"
    style = models / "loras" / STYLE
    write_lora_file(style, family="sdxl", rank=8, tags={"ink": 9})
    about = {"baseModel": "Pony", "trainedWords": ["inkstyle"], "stats": {"downloadCount": 70}}
    style.with_suffix(".civitai.info").write_text(json.dumps(about))
    Image.new("RGB", (8, 8), "navy").save(style.with_suffix(".preview.png"))
    broken = models / "loras" / "broken.safetensors"
    broken.write_bytes(b"\xff" * 8)
    embedding = models / "embeddings" / "bad.safetensors"
    write_embedding_file(embedding, width=768)
    yield models
    broken.unlink()
    embedding.unlink()
    for file in style.parent.iterdir():
        file.unlink()
    style.parent.rmdir()


def get(server: ComfyUI, path: str, **query: object) -> bytes:
    with urllib.request.urlopen(f"{server.url}{path}?{urlencode(query)}", timeout=60) as reply:
        content: bytes = reply.read()
    return content


def page(server: ComfyUI, folder: str, **query: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(server, f"/vibes/catalog/{folder}", **query))
    return found


def test_files_are_told_with_what_their_weights_and_sidecars_say(
    comfyui_with_pack: ComfyUI, library: Path
) -> None:
    files = {file["name"]: file for file in page(comfyui_with_pack, "loras")["files"]}

    tiny = files[LORA]["facts"]
    assert (tiny["family"], tiny["family_source"], tiny["rank"]) == ("sd3", "weights", 4)
    assert files[LORA]["size"] == (library / "loras" / LORA).stat().st_size
    ink = files[STYLE]["facts"]
    assert (ink["family"], ink["branch"], ink["popularity"]) == ("sdxl", "pony", 70)
    assert ink["triggers"] == ["inkstyle"]
    assert "longer than the file" in files["broken.safetensors"]["facts"]["fault"]
    checkpoints = page(comfyui_with_pack, "checkpoints")["files"]
    assert {file["facts"]["family_source"] for file in checkpoints} == {"weights"}


def test_pages_go_on_in_what_the_first_one_saw(comfyui_with_pack: ComfyUI, library: Path) -> None:
    whole = page(comfyui_with_pack, "loras")
    assert whole["total"] == 3
    parts = [page(comfyui_with_pack, "loras", offset=place, limit=1) for place in range(3)]
    assert [part["files"][0] for part in parts] == whole["files"]
    assert {part["version"] for part in parts} == {whole["version"]}
    assert page(comfyui_with_pack, "loras", offset=3)["files"] == []


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/vibes/catalog/nowhere", {}, 404),
        ("/vibes/catalog/loras", {"offset": "-1"}, 400),
        ("/vibes/catalog/loras", {"limit": "many"}, 400),
        ("/vibes/catalog/loras/preview", {"name": LORA}, 404),
        ("/vibes/catalog/loras/preview", {"name": "../../server.log"}, 404),
    ],
)
def test_what_is_not_there_is_not_found(
    comfyui_with_pack: ComfyUI, library: Path, path: str, query: dict[str, str], status: int
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(comfyui_with_pack, path, **query)
    with refused.value as reply:
        assert reply.status == status


async def test_the_studio_reads_a_server_through_the_route(
    comfyui_with_pack: ComfyUI, library: Path
) -> None:
    config = ServerConfig(name="real", url=comfyui_with_pack.url)
    async with aiohttp.ClientSession() as session:
        client = ComfyClient(config, session)
        listing = await Discovery(client).listing()
        preview = await client.model_preview("loras", STYLE)
        core_preview = await client.core_preview("loras", STYLE)

    loras = {entry.name: entry.facts for entry in listing.loras}
    assert (loras[LORA].family, loras[LORA].family_source) == ("sd3", "weights")
    assert loras[STYLE].has_preview
    (embedding,) = listing.embeddings
    assert (embedding.name, embedding.facts.family) == ("bad.safetensors", "sd15")
    assert preview == (library / "loras" / STYLE).with_suffix(".preview.png").read_bytes()
    assert core_preview is not None
    assert core_preview.startswith(b"RIFF")
