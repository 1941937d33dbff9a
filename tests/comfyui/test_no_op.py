"""On real ComfyUI a LoRA that fits nothing changes nothing, and the studio finds that out."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.comfyui.servers import LORA, ComfyUI
from tests.studio.harness import Api, studio_over
from tests.tiny_checkpoints import write_safetensors
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui

PATIENCE = 60  # seconds; two small pictures, after the models are loaded
FOREIGN, STATED = "foreign.safetensors", "stated.safetensors"
LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
UNHEARD_OF = "lora_unet_unheard_of_blocks_0_to_q"

Open = Callable[[ComfyUI], AbstractAsyncContextManager[Api]]


def write_foreign_lora(path: Path, layer: str, metadata: dict[str, str]) -> None:
    """Write a sound LoRA whose one layer no tiny checkpoint has."""
    ones = np.ones((4, 320), np.float16)
    tensors = {
        f"{layer}.alpha": np.array(4, np.float32),
        f"{layer}.lora_down.weight": ones,
        f"{layer}.lora_up.weight": np.ascontiguousarray(ones.T),
    }
    write_safetensors(path, tensors, metadata)


@pytest.fixture
def open_studio(tmp_path: Path) -> Iterator[Open]:
    """Open a studio over one server that has two LoRAs more: of no known family, and of SD1.5."""
    with ExitStack() as cleanup:

        @asynccontextmanager
        async def start(server: ComfyUI) -> AsyncIterator[Api]:
            folder = server.base / "models" / "loras"
            write_foreign_lora(folder / FOREIGN, UNHEARD_OF, {})
            write_foreign_lora(folder / STATED, LAYER, {"ss_base_model_version": "sd_v1"})
            for name in (FOREIGN, STATED):
                cleanup.callback((folder / name).unlink)
            config = ServerConfig.model_validate({"name": server.name, "url": server.url})
            async with studio_over([config], tmp_path, default_tier="tiny_test") as api:
                yield api

        yield start


async def image_with(api: Api, session: str, loras: str) -> dict[str, Any]:
    grid = await api.grid(
        session,
        f"a beach {loras}",
        count=1,
        seed=1,
        auto_lora=False,
        aspect_ratio="square",
        overrides={"checkpoint": "tiny-a"},
    )
    assert grid["state"] == "done", grid
    image: dict[str, Any] = grid["images"][0]
    return image


async def picture(api: Api, image: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO((await api.http.get(image["url"])).content))


async def effects(api: Api, image: dict[str, Any]) -> dict[str, str]:
    """The effects of an image's LoRAs once all are known."""
    loras: list[dict[str, Any]] = []
    for _ in range(PATIENCE * 10):
        loras = (await api.ok("GET", f"/api/images/{image['id']}"))["loras"]
        if all(lora["effect"] != "unverified" for lora in loras):
            break
        await asyncio.sleep(0.1)
    return {lora["name"]: lora["effect"] for lora in loras}


async def check_pictures_and_effects(api: Api) -> None:
    session = await api.session()
    without, fitting, foreign = [
        await image_with(api, session, loras)
        for loras in ("", f"<lora:{LORA}:0.7>", f"<lora:{FOREIGN}:0.7>")
    ]
    pixels = [(await picture(api, image)).tobytes() for image in (without, fitting, foreign)]
    assert pixels[0] != pixels[1]
    assert pixels[0] == pixels[2]
    assert await effects(api, fitting) == {LORA: "works"}
    assert await effects(api, foreign) == {FOREIGN: "none"}


async def test_the_pack_s_count_reports_a_lora_that_matches_nothing(
    comfyui_with_pack: ComfyUI, open_studio: Open
) -> None:
    async with open_studio(comfyui_with_pack) as api:
        await check_pictures_and_effects(api)


async def test_control_images_report_it_where_the_pack_is_not(
    comfyui_server: ComfyUI, open_studio: Open
) -> None:
    async with open_studio(comfyui_server) as api:
        await check_pictures_and_effects(api)


async def test_a_lora_of_another_family_is_never_sent(
    comfyui_server: ComfyUI, open_studio: Open
) -> None:
    async with open_studio(comfyui_server) as api:
        body = {
            "session_id": await api.session(),
            "prompt": f"a beach <lora:{STATED}:0.7>",
            "count": 1,
        }
        refusal = await api.refused("POST", "/api/generate/batch", 422, body)
        assert "made for sd15" in refusal
        assert (await api.ok("GET", "/api/queue"))["batches"] == []


async def test_the_record_of_an_image_lies_in_its_picture(
    comfyui_server: ComfyUI, open_studio: Open
) -> None:
    async with open_studio(comfyui_server) as api:
        image = await image_with(api, await api.session(), f"<lora:{LORA}:0.5>")
        texts = (await picture(api, image)).text  # type: ignore[attr-defined]
        record = json.loads(texts["vibes"])
        assert record["version"] == 1
        assert record["loras"] == [{"name": LORA, "strength": 0.5}]
        assert (record["seed"], record["width"]) == (image["seed"], image["width"])
        assert record["explanation"]["standard"]
        assert json.loads(texts["prompt"])  # ComfyUI's own, beside it
