from __future__ import annotations

import asyncio
import io

from PIL import Image

from vibes.settings import load_settings


async def test_the_funnel_from_20_to_1_leaves_12_selected_and_19_rejected(api):
    session = await api.session(name="Beach")
    grid = await api.grid(session, count=20)
    for picks in (range(8), range(3), range(1)):
        grid = await api.iterate(session, grid, *picks)
    assert (grid["stage"], grid["total_count"], grid["done_count"]) == (3, 1, 1)
    stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["action_counts"] == {"selected": 12, "rejected": 19}
    assert stats["total_preferences"] == 31


async def test_a_restart_in_the_middle_loses_nothing(start_studio):
    async with start_studio() as api:
        session = await api.session()
        grid = await api.grid(session, count=20)
        grid = await api.iterate(session, grid, *range(8))
        await api.ok(
            "PUT", f"/api/images/{grid['images'][2]['id']}/selection", {"selection": "selected"}
        )
        before = await api.ok("GET", f"/api/batches/{grid['id']}")
    async with start_studio() as api:
        assert await api.ok("GET", f"/api/batches/{grid['id']}") == before
        detail = await api.ok("GET", f"/api/sessions/{session}")
        assert (detail["stage"], detail["batch_id"]) == (1, grid["id"])
        following = await api.ok(
            "POST",
            "/api/iterate",
            {"session_id": session, "batch_id": grid["id"], "action": "advance"},
        )
        grid = await api.finished(following["batch_id"])
        assert grid["images"][0]["parent_id"] == before["images"][2]["id"]
        await api.iterate(session, grid, 0)
        stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["action_counts"] == {"selected": 10, "rejected": 21}


async def test_a_batch_cut_off_by_a_restart_is_finished_afterwards(start_studio):
    async with start_studio() as api:
        batch = await api.generate(await api.session(), count=30)
    async with start_studio() as api:
        grid = await api.finished(batch)
    assert grid["done_count"] == 30


async def test_a_pick_keeps_its_seed_and_models_and_grows(api):
    session = await api.session()
    drafts = await api.grid(session)
    refined = await api.iterate(session, drafts, 2)
    pick, kept = drafts["images"][2], refined["images"][0]
    for field in ("seed", "prompt", "checkpoint", "loras"):
        assert kept[field] == pick[field]
    assert kept["parent_id"] == pick["id"]
    recipe = await api.ok("GET", f"/api/images/{kept['id']}/recipe")
    assert (recipe["width"], recipe["height"]) == (768, 1152)


async def test_refining_keeps_the_stage_and_takes_the_new_words(api):
    session = await api.session()
    drafts = await api.grid(session, auto_lora=False)
    refined = await api.iterate(session, drafts, 0, 1, action="refine", prompt="a stormy beach")
    assert refined["stage"] == 0
    assert [image["prompt"] for image in refined["images"]] == ["a stormy beach"] * 2


async def test_more_like_this_fills_a_grid_of_the_same_stage(api):
    session = await api.session()
    similar = await api.iterate(session, await api.grid(session), 1, action="more_like_this")
    assert (similar["stage"], similar["total_count"]) == (0, 20)


async def test_rejecting_all_steps_back_one_stage_and_teaches(api):
    session = await api.session()
    drafts = await api.grid(session)
    refined = await api.iterate(session, drafts, 0)
    body = {"session_id": session, "batch_id": refined["id"], "feedback": "too dark"}
    reply = await api.ok("POST", "/api/iterate/reject-all", body)
    assert reply == {"rejected": 8, "stage": 0, "batch_id": drafts["id"]}
    rejected = await api.ok("GET", f"/api/batches/{refined['id']}")
    assert {image["selection"] for image in rejected["images"]} == {"rejected"}
    export = await api.ok("GET", "/api/preferences/export")
    explicit = [row for row in export["preferences"] if row["explicit"]]
    assert len(explicit) == 8
    assert {row["feedback"] for row in explicit} == {"too dark"}


async def test_rejecting_the_drafts_leaves_the_session_ready_for_a_new_grid(api):
    session = await api.session()
    drafts = await api.grid(session)
    body = {"session_id": session, "batch_id": drafts["id"]}
    reply = await api.ok("POST", "/api/iterate/reject-all", body)
    assert reply == {"rejected": 4, "stage": 0, "batch_id": None}
    detail = await api.ok("GET", f"/api/sessions/{session}")
    assert (detail["batch_id"], detail["path"]) == (None, [])


async def test_going_back_and_advancing_again_keeps_the_older_branch(api):
    session = await api.session()
    drafts = await api.grid(session)
    first = await api.iterate(session, drafts, 0)
    back = await api.ok("POST", f"/api/sessions/{session}/navigate", {"to": "back"})
    assert back == {"stage": 0, "batch_id": drafts["id"]}
    second = await api.iterate(session, drafts, 1)
    older = await api.ok("POST", f"/api/sessions/{session}/navigate", {"to": first["id"]})
    assert older == {"stage": 1, "batch_id": first["id"]}
    await api.ok("POST", f"/api/sessions/{session}/navigate", {"to": "back"})
    forward = await api.ok("POST", f"/api/sessions/{session}/navigate", {"to": "forward"})
    assert forward["batch_id"] == first["id"]
    assert second["images"][0]["parent_id"] == drafts["images"][1]["id"]


async def test_submitting_a_grid_again_supersedes_what_it_taught(api):
    session = await api.session()
    drafts = await api.grid(session)
    await api.iterate(session, drafts, 0, 1)
    await api.iterate(session, drafts, 2)
    stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["action_counts"] == {"selected": 1, "rejected": 3}


async def test_images_not_made_when_the_user_moves_on_are_cancelled_and_teach_nothing(api):
    session = await api.session()
    batch = await api.generate(session, count=120)
    grid = await api.ok("GET", f"/api/batches/{batch}")
    while grid["done_count"] < 1:
        grid = await api.ok("GET", f"/api/batches/{batch}")
    pick = next(image["id"] for image in grid["images"] if image["state"] == "collected")
    body = {"session_id": session, "batch_id": batch, "action": "refine", "selected": [pick]}
    await api.ok("POST", "/api/iterate", body)
    left = await api.ok("GET", f"/api/batches/{batch}")
    assert left["state"] == "cancelled"
    stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["total_preferences"] == left["done_count"] < 120


async def test_every_picture_and_thumbnail_can_be_fetched(api):
    grid = await api.grid(await api.session())
    for image in grid["images"]:
        original = await api.http.get(image["url"])
        small = await api.http.get(image["thumbnail_url"])
        assert original.headers["content-type"] == "image/png"
        with Image.open(io.BytesIO(small.content)) as thumbnail:
            assert thumbnail.format == "WEBP"
            assert max(thumbnail.size) <= 384


async def test_failed_images_say_why_and_the_batch_goes_on_to_its_end(api):
    session = await api.session()
    grid = await api.grid(session, "a {beach|doomed} at noon", count=12, seed=1)
    failed = [image for image in grid["images"] if image["state"] == "failed"]
    assert grid["state"] == "failed"
    assert 0 < len(failed) == grid["failed_count"] < 12
    assert all(image["error"] for image in failed)
    retried = await api.ok("POST", f"/api/batches/{grid['id']}/retry")
    assert retried["failed_count"] == 0
    assert (await api.finished(grid["id"]))["failed_count"] == len(failed)


async def test_pausing_holds_a_batch_and_resuming_finishes_it(api):
    batch = await api.generate(await api.session(), count=30)
    assert (await api.ok("POST", f"/api/batches/{batch}/pause"))["state"] == "paused"
    assert (await api.ok("POST", f"/api/batches/{batch}/resume"))["state"] in ("running", "queued")
    assert (await api.finished(batch))["done_count"] == 30


async def test_cancelling_a_batch_keeps_what_is_there(api):
    batch = await api.generate(await api.session(), count=60)
    await api.ok("POST", f"/api/batches/{batch}/cancel")
    grid = await api.finished(batch)
    assert grid["state"] == "cancelled"
    assert grid["done_count"] < 60


async def test_a_double_click_on_advance_makes_one_grid(api):
    session = await api.session()
    drafts = await api.grid(session)
    body = {"session_id": session, "batch_id": drafts["id"], "action": "advance"}
    body["selected"] = [drafts["images"][0]["id"]]
    one, two = await asyncio.gather(*[api.ok("POST", "/api/iterate", body) for _ in range(2)])
    assert one["batch_id"] == two["batch_id"]
    again = await api.ok("POST", "/api/iterate", body)
    assert again["batch_id"] == one["batch_id"]
    assert (await api.ok("GET", "/api/preferences/stats"))["total_preferences"] == 4
    await api.ok("POST", f"/api/sessions/{session}/navigate", {"to": "back"})
    branch = await api.ok("POST", "/api/iterate", body)  # wanted again: a branch of its own
    assert branch["batch_id"] != one["batch_id"]


async def test_rejecting_all_twice_counts_once_and_moves_once(api):
    session = await api.session()
    drafts = await api.grid(session)
    refined = await api.iterate(session, drafts, 0)
    body = {"session_id": session, "batch_id": refined["id"]}
    first = await api.ok("POST", "/api/iterate/reject-all", body)
    assert await api.ok("POST", "/api/iterate/reject-all", body) == first
    stats = await api.ok("GET", "/api/preferences/stats")
    assert stats["action_counts"] == {"selected": 1, "rejected": 3 + 8}


async def test_retrying_while_the_rest_is_rendered_makes_every_image_once(api, tmp_path):
    session = await api.session()
    batch = await api.generate(session, "a {beach|doomed} at noon", count=40, seed=1)
    grid = await api.ok("GET", f"/api/batches/{batch}")
    while not grid["failed_count"]:
        grid = await api.ok("GET", f"/api/batches/{batch}")
    await api.ok("POST", f"/api/batches/{batch}/retry")
    grid = await api.finished(batch)
    for image in grid["images"]:
        there = (tmp_path / "images" / image["id"][:2] / f"{image['id']}.png").exists()
        assert there == (image["state"] == "collected")


async def test_a_cancelled_pause_is_no_pause_any_more(api):
    batch = await api.generate(await api.session(), count=60)
    await api.ok("POST", f"/api/batches/{batch}/pause")
    assert (await api.ok("POST", f"/api/batches/{batch}/cancel"))["state"] == "cancelled"


async def test_a_session_deleted_while_it_renders_leaves_no_picture_behind(api, tmp_path):
    session = await api.session()
    batch = await api.generate(session, count=30)
    while not (await api.ok("GET", f"/api/batches/{batch}"))["done_count"]:
        pass
    await api.ok("DELETE", f"/api/sessions/{session}")
    other = await api.grid(await api.session())  # the fleet goes on with the next
    assert other["state"] == "done"
    left = {path.stem for path in tmp_path.glob("images/*/*.png")}
    assert left == {image["id"] for image in other["images"]}


async def test_a_size_set_by_hand_keeps_its_shape_through_the_stages(api):
    session = await api.session()
    overrides = {"width": 768, "height": 512, "steps": 8}
    refined = await api.iterate(session, await api.grid(session, overrides=overrides), 0)
    recipe = await api.ok("GET", f"/api/images/{refined['images'][0]['id']}/recipe")
    assert (recipe["width"], recipe["height"], recipe["steps"]) == (1152, 768, 10)


async def test_refining_follows_the_loras_typed_in_the_new_words(api):
    session = await api.session()
    words = "a beach <lora:beach_sunset:0.6>"
    drafts = await api.grid(session, words, auto_lora=False)
    again = "a beach at night <lora:film_grain:0.4>"
    refined = await api.iterate(session, drafts, 0, action="refine", prompt=again)
    used = {"name": "styles/film_grain.safetensors", "strength": 0.4, "effect": "unverified"}
    assert refined["images"][0]["loras"] == [used]
    body = {"session_id": session, "batch_id": refined["id"], "action": "refine"}
    body |= {"selected": [refined["images"][0]["id"]], "prompt": "a beach <lora:nosuch:1>"}
    assert "nosuch" in await api.refused("POST", "/api/iterate", 404, body)


async def test_a_stage_may_move_the_picks_to_another_tier(start_studio):
    stages = [stage.model_dump() for stage in load_settings().stages]
    stages[1]["tier"] = "sdxl_standard"
    async with start_studio(stages=stages) as api:
        session = await api.session()
        refined = await api.iterate(session, await api.grid(session), 0)
        recipe = await api.ok("GET", f"/api/images/{refined['images'][0]['id']}/recipe")
    assert refined["state"] == "done"
    assert all("XL" in image["checkpoint"] for image in refined["images"])
    assert (recipe["width"], refined["tier"]) == (1248, "sdxl_standard")


async def test_a_pick_whose_picture_is_gone_fails_with_a_sentence(api, tmp_path):
    session = await api.session()
    drafts = await api.grid(session)
    pick = drafts["images"][0]["id"]
    (tmp_path / "images" / pick[:2] / f"{pick}.png").unlink()
    refined = await api.iterate(session, drafts, 0, action="refine")
    assert refined["state"] == "failed"
    assert f"'{pick}' is gone" in refined["images"][0]["error"]
