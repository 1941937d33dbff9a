"""A person's own workflow: added, listed, used for grids, removed; every fault a sentence."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from companion_app.embedded import create_app
from tests.studio.conftest import running
from tests.workflows.marked import editor_file, with_markers
from vibes.errors import ConfigError, InvalidInput
from vibes.settings import ServerConfig, load_settings

WITHOUT_LORAS = ("checkpoint", "prompt", "seed", "steps", "width", "height")


async def add(api, name="own", graph=None):
    body = {"name": name, "document": graph or with_markers("draft")}
    return await api.ok("POST", "/api/workflows", body)


async def workflow(api, name):
    [found] = [one for one in await api.ok("GET", "/api/workflows") if one["name"] == name]
    return found


async def send(api, data, **query):
    reply = await api.http.post("/api/workflows/file", content=data, params=query)
    return reply.status_code, reply.json()


def png(**texts):
    info = PngImagePlugin.PngInfo()
    for name, value in texts.items():
        info.add_text(name, json.dumps(value))
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def webp(**texts):
    picture, out = Image.new("RGB", (8, 8)), BytesIO()
    exif = picture.getexif()
    for tag, (name, value) in enumerate(texts.items(), 0x010F):
        exif[tag] = f"{name}:{json.dumps(value)}"
    picture.save(out, "WEBP", exif=exif)
    return out.getvalue()


async def test_the_shipped_workflows_are_listed_with_what_they_take_and_who_runs_them(api):
    draft = await workflow(api, "draft")
    assert draft["source"] == "shipped"
    assert draft["stages"] == ["Drafts"]
    assert draft["starts_from"] == "noise"
    assert {"prompt", "seed", "checkpoint", "loras"} <= set(draft["slots"])
    assert draft["servers"] == [
        {"name": name, "can": True, "lacks": []} for name in ("studio-1", "studio-2")
    ]
    assert (await workflow(api, "refine"))["starts_from"] == "picture"
    document = (await api.http.get("/api/workflows/draft")).json()
    assert document == editor_file("draft")


async def test_a_grid_is_made_with_one_s_own_workflow_and_goes_on_through_the_funnel(api):
    added = await add(api)
    assert (added["name"], added["source"], added["stages"]) == ("own", "own", [])
    session = await api.session()
    grid = await api.grid(session, template="own", count=3)
    assert grid["state"] == "done", grid
    recipes = [await api.ok("GET", f"/api/images/{image['id']}/recipe") for image in grid["images"]]
    assert {told["template"] for told in recipes} == {"own"}
    following = await api.iterate(session, grid, 0)
    assert following["state"] == "done"
    told = await api.ok("GET", f"/api/images/{following['images'][0]['id']}/recipe")
    assert told["template"] == "refine"


async def test_an_added_workflow_outlives_the_studio_and_opens_as_it_was_brought(start_studio):
    async with start_studio() as api:
        status, _ = await send(api, json.dumps(editor_file("draft")).encode(), name="my-draft")
        assert status == 201
    async with start_studio() as api:
        assert (await api.http.get("/api/workflows/my-draft")).json() == editor_file("draft")
        grid = await api.grid(await api.session(), template="my-draft", count=1)
        assert grid["state"] == "done"
        assert (await api.http.delete("/api/workflows/my-draft")).status_code == 204
        assert "my-draft" in await api.refused("DELETE", "/api/workflows/my-draft", 404)
    async with start_studio() as api:
        names = {one["name"] for one in await api.ok("GET", "/api/workflows")}
        assert "my-draft" not in names


@pytest.mark.parametrize("pack", [True, False], ids=["with the pack", "without"])
async def test_servers_without_the_pack_make_the_same_pictures(start_studio, pack):
    server = create_app(name="other", seconds_per_image=0.01, pack=pack)
    async with running(server) as url:
        configs = [ServerConfig.model_validate({"name": "other", "url": url})]
        async with start_studio(servers=configs) as api:
            await add(api)
            [seen] = (await workflow(api, "own"))["servers"]
            assert seen == {"name": "other", "can": True, "lacks": []}
            grid = await api.grid(await api.session(), template="own", count=2, seed=7)
            assert grid["state"] == "done", grid


@pytest.mark.parametrize("wrap", [png, webp], ids=["PNG", "WebP"])
async def test_a_picture_brings_the_workflow_it_was_made_with(api, wrap):
    graph, shown = with_markers("draft"), {"nodes": [], "links": []}
    picture = wrap(prompt=graph, workflow=shown)
    status, looked = await send(api, picture)
    assert (status, "seed" in looked["slots"]) == (200, True)
    status, added = await send(api, picture, name="from-picture")
    assert (status, added["name"]) == (201, "from-picture")
    assert (await api.http.get("/api/workflows/from-picture")).json() == shown


@pytest.mark.parametrize("shown", ["damaged", "x" * 2**21, json.dumps([1]), '{"a": NaN}'])
async def test_of_a_picture_whose_editor_file_is_unusable_the_graph_is_kept(api, shown):
    graph = with_markers("draft")
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(graph))
    info.add_text("workflow", shown)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    await send(api, out.getvalue(), name="own")
    assert (await api.http.get("/api/workflows/own")).json() == graph


async def test_a_picture_with_a_node_that_ran_each_time_brings_its_workflow(api):
    graph = with_markers("draft")
    graph["1"]["is_changed"] = [float("nan")]  # as ComfyUI writes it
    status, _ = await send(api, png(prompt=graph), name="own")
    assert status == 201
    assert "NaN" not in (await api.http.get("/api/workflows/own")).text


async def test_a_look_changes_nothing_and_tells_every_problem(api):
    graph = with_markers("draft", ("steps", "loras"))
    status, told = await send(api, json.dumps(graph).encode(), look=True)
    assert (status, told["code"]) == (422, "faulty_workflow")
    assert len(told["problems"]) == 4
    assert all(sentence in told["detail"] for sentence in told["problems"])
    status, told = await send(api, json.dumps(with_markers("draft")).encode(), look=True)
    assert (status, told["name"]) == (200, "workflow")
    assert "own" not in {one["source"] for one in await api.ok("GET", "/api/workflows")}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "neither JSON nor a picture"),
        (b"{", "neither JSON nor a picture"),
        (b"[" * 100_000, "neither JSON nor a picture"),
        (b"[1]", "holds no workflow"),
        (b'{"nodes": 5}', "no file of the graph editor"),
        (b'{"a": "\\ud800"}', "neither JSON nor a picture"),
        (b'{"a": NaN}', "neither JSON nor a picture"),
        (png(parameters="a beach"), "does not carry its workflow"),
        (b" " * (2**21 + 1), "at most 2 MiB"),
    ],
)
async def test_what_is_no_workflow_is_refused_in_a_sentence(api, data, sentence):
    status, told = await send(api, data, name="own")
    assert status == 422
    assert sentence in told["detail"]


async def test_more_than_a_file_may_hold_is_refused(api):
    status, told = await send(api, b" " * (32 * 2**20 + 1), name="own")
    assert (status, told["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("Draft", 409, "comes with Vibes"),
        ("OWN", 409, "already"),
        ("../draft", 422, "no name for a workflow"),
        ("a" * 61, 422, "no name for a workflow"),
    ],
)
async def test_a_name_is_one_workflow_s_alone(api, name, status, sentence):
    await add(api)
    body = {"name": name, "document": with_markers("draft")}
    assert sentence in await api.refused("POST", "/api/workflows", status, body)


async def test_a_shipped_workflow_stays(api):
    assert "comes with Vibes" in await api.refused("DELETE", "/api/workflows/draft", 409)


async def test_a_workflow_is_kept_while_pictures_are_to_be_made_with_it(api):
    await add(api)
    session = await api.session()
    batch = await api.generate(session, template="own", count=30)
    assert "still to be made" in await api.refused("DELETE", "/api/workflows/own", 409)
    await api.ok("POST", f"/api/batches/{batch}/cancel")
    await api.finished(batch)
    assert (await api.http.delete("/api/workflows/own")).status_code == 204


def request(session, **fields):
    return {"session_id": session, "prompt": "a beach", "count": 2, **fields}


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"template": "onw"}, 404, "did you mean 'own'?"),
        ({"template": "refine"}, 422, "starts from a picture"),
        ({"prompt": "a beach <lora:film_grain:0.5>"}, 422, "no place for LoRAs"),
        ({"overrides": {"loras": [{"name": "film_grain"}]}}, 422, "no place for LoRAs"),
        ({"overrides": {"cfg": 5}}, 422, "overrides.cfg: the workflow 'own' has no slot 'cfg'"),
        ({"negative_prompt": "blurry"}, 422, "has no slot 'negative_prompt'"),
        ({"variation": "loras"}, 422, "all pictures would be the same"),
    ],
)
async def test_what_a_workflow_cannot_do_is_refused_before_anything_is_made(
    api, fields, status, sentence
):
    await add(api, graph=with_markers("draft", WITHOUT_LORAS))
    body = request(await api.session(), **{"template": "own", **fields})
    assert sentence in await api.refused("POST", "/api/generate/batch", status, body)


async def test_a_workflow_without_a_place_for_loras_gets_none(api):
    await add(api, graph=with_markers("draft", WITHOUT_LORAS))
    session = await api.session()
    grid = await api.grid(session, template="own", count=3)
    assert grid["state"] == "done"
    assert [image["loras"] for image in grid["images"]] == [[], [], []]
    plan = await api.ok("POST", "/api/plan", request(session, template="own"))
    body = request(session, plan_id=plan["plan_id"], mode="assisted")
    edit = {"index": 0, "loras": [{"name": "film_grain"}]}
    told = await api.refused("POST", "/api/generate/batch", 422, {**body, "edits": [edit]})
    assert "no place for LoRAs" in told
    other = {**body, "template": "draft"}
    assert "another workflow" in await api.refused("POST", "/api/generate/batch", 409, other)
    made = await api.finished((await api.ok("POST", "/api/generate/batch", body))["batch_id"])
    assert made["state"] == "done"


async def test_where_no_server_has_a_node_it_is_named(api):
    graph = with_markers("draft")
    graph["rare"] = {"class_type": "RareNode", "inputs": {"image": ["6", 0]}}
    graph["7"]["inputs"]["images"] = ["rare", 0]
    added = await add(api, graph=graph)
    assert [one["lacks"] for one in added["servers"]] == [["node RareNode"], ["node RareNode"]]
    body = request(await api.session(), template="own")
    told = await api.refused("POST", "/api/generate/batch", 503, body)
    assert "studio-1: it has no node RareNode" in told


async def test_the_editor_s_file_is_read_by_what_servers_tell_of_its_nodes(api):
    document = editor_file("draft")
    decode = next(node for node in document["nodes"] if node["type"] == "VAEDecode")
    decode["type"] = "RareNode"
    body = {"name": "own", "document": document}
    told = await api.refused("POST", "/api/workflows", 422, body)
    assert "Node 'Decode' (6): no server here tells what a RareNode is" in told
    scale = {"id": 30, "type": "ImageScaleBy", "title": "Larger"}
    scale |= {"inputs": [{"name": "image", "link": 60}], "widgets_values": ["lanczos", 2.0]}
    decode["type"] = "VAEDecode"
    saved = next(node for node in document["nodes"] if node["type"] == "SaveImage")
    document["nodes"].append(scale)
    document["links"] += [[60, 6, 0, 30, 0, "IMAGE"], [61, 30, 0, 7, 0, "IMAGE"]]
    next(one for one in saved["inputs"] if one["name"] == "images")["link"] = 61
    assert "ImageScaleBy" in (await add(api, graph=document))["nodes"]
    grid = await api.grid(await api.session(), template="own", count=1)
    assert grid["state"] == "done"


async def test_pictures_of_one_s_own_workflow_are_made_after_a_restart_too(start_studio):
    async with start_studio() as api:
        await add(api)
        batch = await api.generate(await api.session(), template="own", count=40)
        await api.ok("POST", f"/api/batches/{batch}/pause")
    async with start_studio() as api:
        await api.ok("POST", f"/api/batches/{batch}/resume")
        grid = await api.finished(batch)
        assert (grid["state"], grid["done_count"]) == ("done", 40)


async def test_a_damaged_file_is_shown_with_its_reason_and_can_be_removed(start_studio, tmp_path):
    async with start_studio() as api:
        await add(api)
    [path] = tmp_path.rglob("own.json")
    path.write_text("{")
    async with start_studio() as api:
        assert "a template is a JSON object" in (await workflow(api, "own"))["problem"]
        body = request(await api.session(), template="own")
        assert "is damaged" in await api.refused("POST", "/api/generate/batch", 404, body)
        taken = {"name": "own", "document": with_markers("draft")}
        assert "damaged" in await api.refused("POST", "/api/workflows", 409, taken)
        assert (await api.http.delete("/api/workflows/own")).status_code == 204
        await add(api)


async def test_pictures_of_a_workflow_that_was_damaged_meanwhile_fail_with_its_reason(
    start_studio, tmp_path
):
    async with start_studio() as api:
        await add(api)
        batch = await api.generate(await api.session(), template="own", count=40)
        await api.ok("POST", f"/api/batches/{batch}/pause")
    [path] = tmp_path.rglob("own.json")
    path.write_text("{")
    async with start_studio() as api:
        await api.ok("POST", f"/api/batches/{batch}/resume")
        grid = await api.finished(batch)
        errors = [image["error"] for image in grid["images"] if image["state"] == "failed"]
        assert all("The workflow 'own' is damaged" in error for error in errors)
        assert errors[-1].count("is damaged") == 1  # no server had this one yet


STAGES = [
    {"name": "Drafts", "size": 4, "template": "draft"},
    {"name": "Mine", "size": 2, "template": "own", "scale": 1.5, "denoise": 0.5},
]


async def test_a_stage_may_be_rendered_with_one_s_own_workflow(start_studio):
    async with start_studio() as api:
        await add(api, graph=with_markers("refine"))
    async with start_studio(stages=STAGES) as api:
        assert (await workflow(api, "own"))["stages"] == ["Mine"]
        assert "stage Mine uses" in await api.refused("DELETE", "/api/workflows/own", 409)
        session = await api.session()
        following = await api.iterate(session, await api.grid(session), 0)
        assert following["state"] == "done"


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (with_markers("draft"), "has no slot 'source'"),
        (with_markers("refine", (*WITHOUT_LORAS, "source")), "no slots 'loras'"),
    ],
)
async def test_a_stage_its_workflow_cannot_render_is_refused_at_the_start(
    start_studio, graph, sentence
):
    async with start_studio() as api:
        await add(api, graph=graph)
    with pytest.raises(InvalidInput, match=sentence):
        async with start_studio(stages=STAGES):
            pass


def test_a_stage_of_a_workflow_that_is_not_there_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "workflows").mkdir()
    for name in ("own.json", "own.workflow.json"):
        (tmp_path / "workflows" / name).write_text("{}")
    stages = [STAGES[0], {**STAGES[1], "template": "onw"}]
    with pytest.raises(ConfigError, match="did you mean 'own'"):
        load_settings(data_dir=tmp_path, stages=stages)
