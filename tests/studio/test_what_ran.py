"""What a server says really made a picture, kept and shown by the studio."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tests.studio.test_effects import FOREIGN, GRAIN, made, studio


@pytest.mark.parametrize("pack", [True, False])
async def test_a_technical_explanation_tells_what_ran_as_far_as_the_server_tells_it(tmp_path, pack):
    async with studio(tmp_path, pack=pack) as api:
        [image] = (await made(api, await api.session()))["images"]
        path = f"/api/images/{image['id']}/recipe"
        told = await api.ok("GET", path, explain="technical")
        assert "ran" not in await api.ok("GET", path, explain="detailed")
    if not pack:
        assert told["ran"] is None
        return
    ran = told["ran"]
    assert ran["checkpoint"]["name"] == image["checkpoint"]
    keys = {lora["name"]: lora["keys"] for lora in ran["loras"]}
    assert keys[GRAIN] > 0
    assert keys[FOREIGN] == 0
    assert "Checkpoint that ran: epicrealism." in told["explanation"]
    assert (
        f"LoRA that ran: film_grain at 0.7 ({keys[GRAIN]} weights changed)." in told["explanation"]
    )


@pytest.mark.parametrize("pack", [True, False])
async def test_a_picture_holds_the_studio_s_record_whichever_node_saved_it(tmp_path, pack):
    async with studio(tmp_path, pack=pack) as api:
        [image] = (await made(api, await api.session()))["images"]
        data = (await api.http.get(image["url"])).content
    texts = Image.open(io.BytesIO(data)).text
    record = json.loads(texts["vibes"])
    assert (record["reason"], record["seed"]) == (image["reason"], image["seed"])
    assert record["checkpoint"] == image["checkpoint"]
    assert [lora["name"] for lora in record["loras"]] == [lora["name"] for lora in image["loras"]]
    classes = {node["class_type"] for node in json.loads(texts["prompt"]).values()}
    assert ("VibesSaveImage" in classes) is pack
    assert ("parameters" in texts) is pack
