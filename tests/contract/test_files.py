"""Pictures on their way in and out."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image

from tests.contract.graphs import CHECKPOINT, DECODE, SAMPLER, SAVE, draft
from tests.contract.wire import Reply, Server


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def upload(server: Server, name: str, data: bytes, **fields: str) -> Reply:
    form = aiohttp.FormData(fields)
    form.add_field("image", data, filename=name, content_type="image/png")
    return await server.post("/upload/image", data=form)


async def test_an_uploaded_picture_can_be_seen_again(server: Server) -> None:
    name = f"{uuid4().hex}.png"

    reply = await upload(server, name, png("red"))

    assert reply.status == 200
    assert reply.body == {"name": name, "subfolder": "", "type": "input"}
    query = {"filename": reply.body["name"], "type": "input"}
    assert (await server.get("/view", params=query)).body == png("red")


async def test_the_same_picture_keeps_its_name_and_another_gets_a_new_one(server: Server) -> None:
    stem = uuid4().hex
    name = f"{stem}.png"

    names = [(await upload(server, name, png(c))).body["name"] for c in ("red", "red", "blue")]

    assert names == [name, name, f"{stem} (1).png"]


async def test_overwriting_keeps_the_name(server: Server) -> None:
    name = f"{uuid4().hex}.png"
    await upload(server, name, png("red"))

    reply = await upload(server, name, png("blue"), overwrite="true")

    assert reply.body["name"] == name
    query = {"filename": name, "type": "input"}
    assert (await server.get("/view", params=query)).body == png("blue")


async def test_a_picture_goes_into_the_subfolder_it_was_sent_to(server: Server) -> None:
    reply = await upload(server, "picked.png", png("red"), subfolder="vibes/job")

    assert reply.body == {"name": "picked.png", "subfolder": "vibes/job", "type": "input"}


async def test_an_upload_outside_the_input_folder_is_refused(server: Server) -> None:
    reply = await upload(server, "picked.png", png("red"), subfolder="../../elsewhere")

    assert reply.status == 400


async def test_an_upload_without_a_file_is_refused(server: Server) -> None:
    reply = await server.post("/upload/image", data=aiohttp.FormData({"type": "input"}))

    assert reply.status == 400


async def test_an_uploaded_picture_can_be_drawn_from(server: Server) -> None:
    uploaded = (await upload(server, "picked.png", png("green"), subfolder="vibes/source")).body
    graph = draft(denoise=0.5)
    source = f"{uploaded['subfolder']}/{uploaded['name']}"
    graph["9"] = {"class_type": "LoadImage", "inputs": {"image": source}}
    graph["10"] = {
        "class_type": "VAEEncode",
        "inputs": {"pixels": ["9", 0], "vae": [CHECKPOINT, 2]},
    }
    graph[SAMPLER]["inputs"]["latent_image"] = ["10", 0]

    entry = await server.run(graph)

    assert (await server.picture(entry, SAVE)).size == (64, 64)


@pytest.mark.parametrize(
    ("factor_node", "size"),
    [
        ({"class_type": "ImageScale", "width": 128, "height": 96, "crop": "disabled"}, (128, 96)),
        ({"class_type": "ImageScaleBy", "scale_by": 1.5}, (96, 144)),
    ],
    ids=["to a size", "by a factor"],
)
async def test_a_picture_is_scaled(
    server: Server, factor_node: dict[str, Any], size: tuple[int, int]
) -> None:
    graph = draft()
    inputs = {"image": [DECODE, 0], "upscale_method": "lanczos", **factor_node}
    graph["9"] = {"class_type": inputs.pop("class_type"), "inputs": inputs}
    graph[SAVE]["inputs"]["images"] = ["9", 0]

    entry = await server.run(graph)

    assert (await server.picture(entry, SAVE)).size == size


async def test_a_view_names_its_content_type(server: Server) -> None:
    await upload(server, "typed.png", png("red"))
    query = {"filename": "typed.png", "type": "input"}

    async with server.http.get("/view", params=query) as original:
        assert original.content_type == "image/png"
        assert original.headers["Content-Disposition"] == 'filename="typed.png"'
    async with server.http.get("/view", params=query | {"preview": "webp;80"}) as small:
        assert small.content_type == "image/webp"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 404),
        ({"filename": "absent.png"}, 404),
        ({"filename": "absent.png", "subfolder": "nowhere"}, 404),
        ({"filename": "../secret.png"}, 400),
        ({"filename": "/etc/hostname"}, 400),
        ({"filename": "secret.png", "subfolder": "../../.."}, 403),
        ({"filename": "secret.png", "type": "elsewhere"}, 400),
    ],
)
async def test_a_view_of_nothing_is_refused(
    server: Server, query: dict[str, str], status: int
) -> None:
    assert (await server.get("/view", params=query)).status == status
