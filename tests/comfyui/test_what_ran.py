"""The studio keeps what a real ComfyUI with the node pack says really made a picture."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.comfyui.servers import CHECKPOINTS, LORA, ComfyUI
from tests.comfyui.test_no_op import image_with
from tests.studio.harness import studio_over
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_studio_s_picture_tells_the_files_that_made_it(
    comfyui_with_pack: ComfyUI, tmp_path: Path
) -> None:
    server = comfyui_with_pack
    config = ServerConfig.model_validate({"name": server.name, "url": server.url})
    async with studio_over([config], tmp_path, default_tier="tiny_test") as api:
        image = await image_with(api, await api.session(), f"<lora:{LORA}:0.7>")
        told = await api.ok("GET", f"/api/images/{image['id']}/recipe", explain="technical")
        data = (await api.http.get(image["url"])).content
    models = server.base / "models"
    checkpoint = sha256(models / "checkpoints" / CHECKPOINTS[0])
    lora = sha256(models / "loras" / LORA)
    assert told["ran"]["checkpoint"] == {
        "name": CHECKPOINTS[0],
        "sha256": checkpoint,
        "strength": None,
        "keys": None,
    }
    [used] = told["ran"]["loras"]
    assert (used["name"], used["strength"], used["sha256"]) == (LORA, 0.7, lora)
    assert used["keys"] > 0
    texts = Image.open(io.BytesIO(data)).text  # type: ignore[attr-defined]
    assert texts.keys() == {"prompt", "parameters", "vibes"}
    record = json.loads(texts["vibes"])
    assert (record["reason"], record["checkpoint_sha256"]) == (image["reason"], checkpoint)
    assert [use["sha256"] for use in record["loras"]] == [lora]
    assert f"Model hash: {checkpoint[:10]}, Model: tiny-a" in texts["parameters"]
