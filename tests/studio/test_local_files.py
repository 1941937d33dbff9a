"""Model files the studio reads itself: known by their content, whatever servers tell."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from companion_app.embedded import FULL_LIBRARY, create_app
from companion_app.embedded.models import ModelFile
from tests.studio.conftest import running
from tests.tiny_checkpoints import write_lora
from vibes.settings import ServerConfig

NAME = "speckled-style.safetensors"
PICTURE = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def folder(tmp_path):
    """A ``models`` folder with one LoRA, a sidecar and a preview."""
    loras = tmp_path / "models" / "loras"
    write_lora(loras / NAME, seed=1, trigger="speckled")
    (loras / "speckled-style.civitai.info").write_text(
        '{"trainedWords": ["spkl style"], "stats": {"downloadCount": 1200}}'
    )
    (loras / "speckled-style.preview.png").write_bytes(PICTURE)
    return tmp_path / "models"


@pytest.fixture
def start(start_studio):
    """Starts a studio over a server that lists one LoRA, under this name and size."""

    @asynccontextmanager
    async def started(name, size, **settings):
        library = replace(FULL_LIBRARY, loras=(ModelFile(name, size),))
        async with running(create_app(name="one", models=library)) as url:
            server = ServerConfig.model_validate({"name": "studio-1", "url": url})
            async with start_studio(servers=[server], **settings) as api:
                yield api

    return started


async def until(api, condition):
    for _ in range(400):
        (lora,) = await api.ok("GET", "/api/loras")
        if condition(lora):
            return lora
        await asyncio.sleep(0.05)
    raise AssertionError(lora)


async def test_a_file_is_known_by_its_weights_its_neighbours_and_its_hash(start, folder):
    path = folder / "loras" / NAME
    async with start(NAME, path.stat().st_size, model_folders=[folder]) as api:
        lora = await until(api, lambda lora: lora["sha256"])
        assert lora["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (lora["base_model"], lora["base_model_source"]) == ("sd3", "weights")
        assert "spkl style" in lora["triggers"]
        assert (lora["popularity"], lora["has_preview"]) == (1200, True)
        preview = await api.http.get("/api/models/lora/preview", params={"name": NAME})
        assert (preview.content, preview.headers["content-type"]) == (PICTURE, "image/png")


async def test_a_file_of_another_size_is_another_file(start, folder):
    async with start(NAME, 12345, model_folders=[folder]) as api:
        await asyncio.sleep(0.5)
        (lora,) = await api.ok("GET", "/api/loras")
        assert (lora["sha256"], lora["base_model"]) == (None, None)


async def test_hashes_are_kept_so_that_files_are_read_through_once(start, folder):
    path = folder / "loras" / NAME
    size = path.stat().st_size
    async with start(NAME, size, model_folders=[folder]) as api:
        digest = (await until(api, lambda lora: lora["sha256"]))["sha256"]
    about = path.stat()
    path.write_bytes(bytes(size))  # other content that claims to be unchanged
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    async with start(NAME, size, model_folders=[folder]) as api:
        assert (await until(api, lambda lora: lora["sha256"]))["sha256"] == digest


async def test_a_missing_folder_changes_nothing_and_is_told(start, folder, caplog):
    async with start(NAME, 12345, model_folders=[folder / "nowhere"]) as api:
        assert (await api.ok("GET", "/api/loras"))[0]["base_model"] is None
    assert "There is no folder" in caplog.text
