"""Uploads, views and what must stay out of reach."""

from __future__ import annotations

import io

import aiohttp
import pytest
from PIL import Image


def png(colour, size=(32, 24)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


async def upload(client, data, filename="u.png", **fields):
    form = aiohttp.FormData()
    form.add_field("image", data, filename=filename, content_type="image/png")
    for name, value in fields.items():
        form.add_field(name, value)
    async with client.http.post("/upload/image", data=form) as reply:
        return (await reply.json())["name"] if reply.status == 200 else reply.status


async def test_the_same_bytes_keep_their_name_and_others_get_a_new_one(client):
    assert await upload(client, png("red")) == "u.png"
    assert await upload(client, png("red")) == "u.png"
    assert await upload(client, png("blue")) == "u (1).png"
    assert await upload(client, png("blue")) == "u (1).png"
    assert await upload(client, png("lime"), overwrite="true") == "u.png"
    async with client.http.get("/view?filename=u.png&type=input") as reply:
        assert await reply.read() == png("lime")


async def test_an_upload_is_offered_to_load_image(client):
    await upload(client, png("red"))
    info = await client.get("/object_info/LoadImage")
    assert info["LoadImage"]["input"]["required"]["image"][0] == ["u.png"]


async def test_a_preview_is_smaller_webp(client):
    await upload(client, png("red", (640, 480)))
    async with client.http.get("/view?filename=u.png&type=input&preview=webp;50") as reply:
        assert reply.headers["Content-Type"] == "image/webp"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("filename=absent.png", 404),
        ("filename=../x.png", 400),
        ("filename=/etc/passwd", 400),
        ("filename=x.png&type=models", 400),
        ("filename=x.png&subfolder=../..", 403),
        ("filename=passwd&subfolder=/etc", 403),
    ],
)
async def test_files_outside_are_out_of_reach(client, query, status):
    async with client.http.get(f"/view?{query}") as reply:
        assert reply.status == status


async def test_an_upload_cannot_leave_its_folder(client):
    assert await upload(client, png("red"), subfolder="../..") == 400


async def test_a_picture_is_refined_from_an_upload(client, graph):
    name = await upload(client, png("red", (50, 75)))
    refine = graph(sampler__latent_image=["encode", 0], sampler__denoise=0.4)
    refine["load"] = {"class_type": "LoadImage", "inputs": {"image": name}}
    refine["scale"] = {
        "class_type": "ImageScale",
        "inputs": {
            "image": ["load", 0],
            "upscale_method": "lanczos",
            "width": 128,
            "height": 0,
            "crop": "disabled",
        },
    }
    refine["encode"] = {
        "class_type": "VAEEncode",
        "inputs": {"pixels": ["scale", 0], "vae": ["loader", 2]},
    }
    refine["again"] = {
        "class_type": "LatentUpscaleBy",
        "inputs": {"samples": ["sampler", 0], "upscale_method": "bislerp", "scale_by": 2.0},
    }
    refine["decode"]["inputs"]["samples"] = ["again", 0]
    del refine["empty"]
    entry = await client.run(refine)
    with Image.open(
        io.BytesIO(await client.picture(entry["outputs"]["save"]["images"][0]))
    ) as picture:
        assert picture.size == (256, 384)


async def test_a_missing_upload_is_refused(client):
    show = {"class_type": "PreviewImage", "inputs": {"images": ["load", 0]}}
    load = {"class_type": "LoadImage", "inputs": {"image": "absent.png"}}
    status, reply = await client.post("/prompt", {"prompt": {"load": load, "show": show}})
    assert status == 400
    assert reply["node_errors"]["load"]["errors"][0]["type"] == "custom_validation_failed"
