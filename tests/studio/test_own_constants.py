"""Recipes of one's own workflow say what really ran, though the workflow has no slot for it."""

from __future__ import annotations

import sqlite3
from io import BytesIO

import pytest
from PIL import Image

from companion_app.embedded import create_app
from tests.studio.conftest import running
from tests.studio.test_workflows import add, request
from tests.workflows.marked import with_markers
from vibes.settings import ServerConfig
from vibes.workflows import load_template

MARKED = ("checkpoint", "prompt", "seed", "cfg", "loras", "loras_clip")
OWN = {"steps": 7, "sampler": "heun", "scheduler": "beta", "denoise": 1.0}
SIZE = {"width": 640, "height": 256}
STAGES = [
    {"name": "Drafts", "size": 4, "template": "draft"},
    {"name": "Mine", "size": 2, "template": "mine", "scale": 1.5, "denoise": 0.5},
    {"name": "Last", "size": 1, "template": "refine", "scale": 3.0, "denoise": 0.3},
]


@pytest.fixture
async def servers():
    """A server that paints pictures of the size they are to have."""
    async with running(create_app(name="painter", speed=1000.0)) as url:
        yield [ServerConfig.model_validate({"name": "painter", "url": url})]


def node_of(graph, class_type):
    [found] = [one for one in graph.values() if one["class_type"] == class_type]
    return found["inputs"]


def own(slots=MARKED):
    """A wide picture in seven steps, whatever is advised."""
    graph = with_markers("draft", slots)
    node_of(graph, "KSampler").update(steps=7, sampler_name="heun", scheduler="beta", denoise=1.0)
    node_of(graph, "EmptyLatentImage").update(SIZE)
    return graph


def larger(graph):
    """The same, twice as large at the end."""
    saved = node_of(graph, "VibesStudioOutput")
    by = {"image": saved["images"], "upscale_method": "bilinear", "scale_by": 2.0}
    graph["larger"] = {"class_type": "ImageScaleBy", "inputs": by}
    saved["images"] = ["larger", 0]
    return graph


def rendering():
    """A stage of one's own: the picked picture doubled, three tenths of it redrawn."""
    slots = set(load_template("refine").slots) - {"width", "height", "denoise"}
    graph = with_markers("refine", slots)
    [scale] = [one for one in graph.values() if one["class_type"] == "ImageScale"]
    image = scale["inputs"]["image"]
    scale["class_type"] = "ImageScaleBy"
    scale["inputs"] = {"image": image, "upscale_method": "bilinear", "scale_by": 2.0}
    node_of(graph, "KSampler")["denoise"] = 0.3
    return graph


async def recipe(api, image, **parameters):
    return await api.ok("GET", f"/api/images/{image['id']}/recipe", **parameters)


def shown(image):
    return {side: image[side] for side in ("width", "height")}


async def size_of(api, image):
    reply = await api.http.get(image["url"])
    with Image.open(BytesIO(reply.content)) as picture:
        return dict(zip(("width", "height"), picture.size, strict=True))


async def test_a_recipe_holds_what_the_workflow_has_and_says_so(api):
    await add(api, graph=own())
    session = await api.session()
    plan = await api.ok("POST", "/api/plan", request(session, template="own"))
    values = {name: OWN[name] for name in ("steps", "sampler", "scheduler")} | SIZE
    for settings in plan["parameters"]:
        assert {name: settings["values"][name] for name in values} == values
        assert set(settings["fixed"]) >= values.keys()
        assert settings["reasons"]["steps"] == "7 steps: as your workflow has it."
        assert settings["values"]["cfg"] not in (None, 0)
    batch = await api.generate(session, template="own", count=2, variation="params")
    planned = await api.ok("GET", f"/api/batches/{batch}")
    assert [shown(image) for image in planned["images"]] == [SIZE, SIZE]
    grid = await api.finished(batch)
    for image in grid["images"]:
        told = await recipe(api, image, explain="detailed")
        assert {name: told[name] for name in (*OWN, *SIZE)} == {**OWN, **SIZE}
        assert told["untold"] == []
        assert "heun: as your workflow has it." in told["explanation"]
        assert shown(image) == SIZE == await size_of(api, image)
    assert len({(await recipe(api, image))["cfg"] for image in grid["images"]}) == 2


async def test_what_the_workflow_decides_is_taught_as_nobody_s_habit(api, tmp_path):
    await add(api, graph=own())
    session = await api.session()
    body = request(session, template="own")
    plan = await api.ok("POST", "/api/plan", body)
    approved = {**body, "plan_id": plan["plan_id"], "mode": "assisted", "overrides": {"cfg": 3.0}}
    await api.ok("POST", "/api/generate/batch", approved)
    await api.generate(session, template="own", count=1, overrides={"cfg": 3.0})
    with sqlite3.connect(tmp_path / "vibes.db") as db:
        chosen = db.execute(
            "SELECT json_extract(body, '$.chosen') FROM events"
            " WHERE json_extract(body, '$.type') = 'ParametersChanged'"
        ).fetchall()
    assert chosen == [('{"cfg":3.0}',)] * 2


async def test_a_picture_that_comes_out_larger_is_shown_with_its_own_size(api):
    await add(api, graph=larger(own()))
    grid = await api.grid(await api.session(), template="own", count=2)
    twice = {side: 2 * pixels for side, pixels in SIZE.items()}
    for image in grid["images"]:
        assert shown(image) == twice == await size_of(api, image)
        told = await recipe(api, image)
        assert shown(told) == SIZE


async def test_picks_go_on_without_what_their_workflow_decided_but_in_its_shape(api):
    await add(api, graph=own())
    session = await api.session()
    grid = await api.grid(session, template="own", count=2)
    usual = await recipe(api, (await api.grid(session, count=1))["images"][0])
    following = await api.iterate(session, grid, 0)
    assert following["state"] == "done"
    told = await recipe(api, following["images"][0])
    assert told["sampler"] == usual["sampler"]
    assert told["steps"] > usual["steps"]  # as the stage scales them
    assert shown(told) == {"width": 960, "height": 384}
    assert told["template"] == "refine"


async def test_picks_of_a_workflow_that_is_gone_go_on(api):
    await add(api, graph=own())
    session = await api.session()
    grid = await api.grid(session, template="own", count=2)
    await api.http.delete("/api/workflows/own")
    for action in ("more_like_this", "refine"):
        following = await api.iterate(session, grid, 0, action=action)
        assert following["state"] == "done"
        told = await recipe(api, following["images"][0])
        assert (told["template"], shown(told)) == ("refine", SIZE)
        assert told["steps"] != OWN["steps"]


async def test_without_a_place_for_loras_picks_go_on_without_any(api):
    await add(api, graph=own(("checkpoint", "prompt", "seed")))
    session = await api.session()
    grid = await api.grid(session, template="own", count=2)
    for fields in ({"action": "more_like_this"}, {"action": "refine"}, {}):
        following = await api.iterate(session, grid, 0, **fields)
        assert following["state"] == "done", following
        assert all(image["loras"] == [] for image in following["images"])


async def test_a_stage_of_one_s_own_tells_what_it_redraws_and_passes_its_size_on(start_studio):
    async with start_studio() as api:
        await add(api, "mine", graph=rendering())
    async with start_studio(stages=STAGES) as api:
        session = await api.session()
        grid = await api.grid(session, aspect_ratio="landscape", count=4)
        before = await size_of(api, grid["images"][0])
        mine = await api.iterate(session, grid, 0)
        image = mine["images"][0]
        told = await recipe(api, image)
        assert told["denoise"] == 0.3
        assert image["reason"].startswith("Your pick 1, 30 % redrawn")
        assert told["untold"] == ["width", "height"]
        assert shown(image) == {side: 2 * pixels for side, pixels in before.items()}
        last = await api.iterate(session, mine, 0)
        told = await recipe(api, last["images"][0])
        assert shown(told) == {side: 4 * pixels for side, pixels in before.items()}
        assert told["untold"] == []
