"""The shipped templates run on every server."""

from __future__ import annotations

import io

import aiohttp
import pytest
from PIL import Image

from tests.contract.wire import Server
from vibes.recipes import Candidate, LoraUse, Recipe
from vibes.workflows import build_graph, load_template, template_names

WIDTH, HEIGHT = 96, 128


def recipe(template: str, source: str | None) -> Recipe:
    return Recipe(
        template=template,
        tier="tiny_test",
        prompt="a lighthouse on a cliff",
        candidate=Candidate("tiny-a.safetensors", (LoraUse("tiny-lora.safetensors", 0.6),)),
        seed=5,
        width=WIDTH,
        height=HEIGHT,
        steps=2,
        cfg=1.0,
        sampler="euler",
        scheduler="normal",
        denoise=0.5 if source else 1.0,
        source=source,
    )


async def uploaded(server: Server) -> str:
    data = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(data, "PNG")
    form = aiohttp.FormData()
    form.add_field("image", data.getvalue(), filename="pick.png", content_type="image/png")
    name: str = (await server.post("/upload/image", data=form)).body["name"]
    return name


@pytest.mark.parametrize("name", template_names())
async def test_a_template_makes_a_picture_of_the_size_asked_for(name: str, server: Server) -> None:
    template = load_template(name)
    source = await uploaded(server) if "source" in template.slots else None
    built = build_graph(
        template,
        recipe(name, source),
        spelling=lambda kind, model: model,
        source=source,
        prefix=f"vibes/{name}",
        node_classes=template.needs.nodes,
        family="sd3",
    )

    entry = await server.run(built.graph)

    assert entry["status"]["status_str"] == "success"
    picture = await server.picture(entry, built.output_node)
    assert picture.size == (WIDTH, HEIGHT)
    shades = picture.convert("L").getcolors()
    assert shades
    assert len(shades) > 8  # something is to be seen


@pytest.mark.parametrize("name", template_names())
async def test_a_server_has_every_node_a_template_needs(name: str, server: Server) -> None:
    nodes = (await server.get("/object_info")).body

    assert load_template(name).needs.nodes <= set(nodes)
