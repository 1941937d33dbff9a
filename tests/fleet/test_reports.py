"""What a picture brings along: the weights its LoRAs changed, and the record inside it."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from PIL import Image

from companion_app.embedded import PARTIAL_LIBRARY
from vibes.recipes import LoraUse

WATERCOLOR = LoraUse("styles/watercolor.safetensors", 0.7)
FOREIGN = LoraUse("sdxl/neon_glow_xl.safetensors", 0.5)


async def test_weights_are_told_by_the_names_the_job_calls_its_loras_by(serve, studio, job):
    site = await serve("windows", pack=True, models=PARTIAL_LIBRARY)
    here = await studio(site)
    here.fleet.submit([job("one", loras=(WATERCOLOR, FOREIGN)), job("two")])
    await here.log.until("collected", 2)
    told = here.log.lora_keys["one"]
    assert set(told) == {WATERCOLOR.name, FOREIGN.name}
    assert told[WATERCOLOR.name] > 0
    assert told[FOREIGN.name] == 0
    assert here.log.lora_keys["two"] is None  # no LoRA, so no node that counts


async def test_a_server_without_the_pack_tells_of_no_weights(serve, studio, job):
    here = await studio(await serve("plain"))
    here.fleet.submit([job("one", loras=(WATERCOLOR,))])
    await here.log.until("collected", 1)
    assert here.log.lora_keys == {"one": None}


async def test_the_job_s_record_lies_in_its_picture_and_changes_nothing_else(serve, studio, job):
    here = await studio(await serve("one"))
    record = {"version": 1, "reason": "Chosen for ‘sunset’.", "loras": [{"name": "ä"}]}
    here.fleet.submit([replace(job("a"), record=record), job("b")])
    await here.log.until("collected", 2)
    texts = {id: Image.open(io.BytesIO(data)).text for id, data in here.log.pictures.items()}
    assert json.loads(texts["a"]["vibes"]) == record
    assert "vibes" not in texts["b"]
    assert "vibes" not in json.loads(texts["a"]["prompt"])
