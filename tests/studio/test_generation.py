from __future__ import annotations

import io
from itertools import pairwise

import pytest
from PIL import Image


async def pixels(api, image) -> bytes:
    """What a picture shows, apart from the metadata of the run that made it."""
    with Image.open(io.BytesIO((await api.http.get(image["url"])).content)) as picture:
        return picture.tobytes()


async def test_explore_spreads_a_grid_over_three_checkpoints_and_says_why(api):
    grid = await api.grid(await api.session(), count=20)
    used = {image["checkpoint"] for image in grid["images"]}
    assert len(used) == 3
    assert all(image["reason"].endswith(".") for image in grid["images"])


async def test_quick_uses_the_single_best_checkpoint(api):
    grid = await api.grid(await api.session(), count=6, explore_mode=False)
    assert len({image["checkpoint"] for image in grid["images"]}) == 1


async def test_loras_that_fit_the_words_are_chosen_and_varied_over_the_grid(api):
    grid = await api.grid(await api.session(), "sunset on a beach", count=20)
    names = {lora["name"] for image in grid["images"] for lora in image["loras"]}
    assert "beach_sunset.safetensors" in names
    assert len({str(image["loras"]) for image in grid["images"]}) > 1


async def test_without_auto_lora_only_typed_loras_are_used(api):
    prompt = "a forest <lora:film_grain:0.4>"
    grid = await api.grid(await api.session(), prompt, auto_lora=False)
    used = {"name": "styles/film_grain.safetensors", "strength": 0.4, "effect": "unverified"}
    assert [image["loras"] for image in grid["images"]] == [[used]] * 4
    assert {image["prompt"] for image in grid["images"]} == {"a forest"}


async def test_a_given_seed_makes_the_same_pictures_again(api):
    session = await api.session()
    fixed = {"seed": 99, "overrides": {"checkpoint": "epicrealism", "loras": []}}
    first, second = [await api.grid(session, **fixed) for _ in range(2)]
    assert [image["seed"] for image in first["images"]] == [99, 100, 101, 102]
    for one, other in zip(first["images"], second["images"], strict=True):
        assert await pixels(api, one) == await pixels(api, other)
    assert await pixels(api, first["images"][0]) != await pixels(api, first["images"][1])


async def test_variants_in_the_prompt_are_chosen_per_image(api):
    grid = await api.grid(await api.session(), "a {red|green|blue} house", count=20, seed=1)
    assert {image["prompt"] for image in grid["images"]} == {
        "a red house",
        "a green house",
        "a blue house",
    }


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("portrait", (512, 768)), ("landscape", (768, 512)), ("square", (640, 640))],
)
async def test_the_aspect_ratio_decides_the_size(api, aspect, size):
    batch = await api.generate(await api.session(), aspect_ratio=aspect)
    grid = await api.ok("GET", f"/api/batches/{batch}")
    assert {(image["width"], image["height"]) for image in grid["images"]} == {size}


async def test_a_tier_brings_its_own_family_and_size(api):
    grid = await api.grid(await api.session(), tier="sdxl_standard")
    assert all("XL" in image["checkpoint"] for image in grid["images"])
    recipe = await api.ok("GET", f"/api/images/{grid['images'][0]['id']}/recipe")
    assert recipe["width"] == 832


async def test_overrides_decide_for_every_image(api):
    overrides = {
        "checkpoint": "dreamshaper",
        "loras": [{"name": "neon_city", "strength": 0.9}],
        "steps": 5,
        "cfg": 3.5,
        "sampler": "euler",
        "width": 256,
        "height": 320,
    }
    grid = await api.grid(await api.session(), overrides=overrides)
    for image in grid["images"]:
        recipe = await api.ok("GET", f"/api/images/{image['id']}/recipe")
        assert recipe["candidate"] == {
            "checkpoint": "dreamshaper_8.safetensors",
            "loras": [{"name": "neon_city.safetensors", "strength": 0.9}],
        }
        assert (recipe["steps"], recipe["cfg"], recipe["sampler"]) == (5, 3.5, "euler")
        assert (recipe["width"], recipe["height"]) == (256, 320)


async def test_an_approved_plan_is_what_gets_made(api):
    session = await api.session()
    body = {"session_id": session, "prompt": "a lake", "count": 3}
    plan = await api.ok("POST", "/api/plan", body)
    reply = await api.ok(
        "POST",
        "/api/generate/batch",
        {**body, "mode": "assisted", "plan_id": plan["plan_id"]},
    )
    grid = await api.finished(reply["batch_id"])
    assert [image["seed"] for image in grid["images"]] == [one["seed"] for one in plan["recipes"]]
    assert reply["total_count"] == 3


async def test_manual_mode_leaves_the_decision_to_the_user(api):
    overrides = {"checkpoint": "epicrealism.safetensors"}
    grid = await api.grid(await api.session(), mode="manual", overrides=overrides)
    assert {image["checkpoint"] for image in grid["images"]} == {"epicrealism.safetensors"}
    assert all(image["loras"] == [] for image in grid["images"])


async def test_one_image_can_be_made_alone(api):
    body = {"session_id": await api.session(), "prompt": "a lake"}
    reply = await api.ok("POST", "/api/generate", body)
    assert reply["total_count"] == 1
    assert sum(reply["gpu_distribution"].values()) == 1
    assert (await api.finished(reply["batch_id"]))["state"] == "done"


async def test_the_batch_shows_every_slot_from_the_start(api):
    batch = await api.generate(await api.session(), count=20)
    grid = await api.ok("GET", f"/api/batches/{batch}")
    assert [image["index"] for image in grid["images"]] == list(range(20))


async def test_only_the_chosen_variant_brings_its_lora(api):
    prompt = "a {red <lora:film_grain:0.4>|blue} house"
    grid = await api.grid(await api.session(), prompt, count=12, seed=1, auto_lora=False)
    for image in grid["images"]:
        assert bool(image["loras"]) == (image["prompt"] == "a red house")


async def test_square_brackets_reach_the_server_as_a_weight_it_knows(api):
    grid = await api.grid(await api.session(), "a [dim] room", count=1)
    assert grid["images"][0]["prompt"] == "a (dim:0.909) room"


async def test_a_grid_may_vary_parameters_instead_of_seeds(api):
    session = await api.session()
    batch = await api.generate(session, variation="params", count=5, priority="speed")
    grid = await api.ok("GET", f"/api/batches/{batch}")
    recipes = [await api.ok("GET", f"/api/images/{i['id']}/recipe") for i in grid["images"]]
    assert len({recipe["seed"] for recipe in recipes}) == 1
    assert len({recipe["cfg"] for recipe in recipes}) == 5
    assert {recipe["steps"] for recipe in recipes} == {20}


async def test_a_plan_says_how_sure_it_is_and_what_else_could_be(api):
    body = {"session_id": await api.session(), "prompt": "a beach", "count": 2}
    for recipe in (await api.ok("POST", "/api/plan", body))["recipes"]:
        assert recipe["confidence"] == 0
        assert 0 < recipe["chance_best"] < 1
        others = [one["checkpoint"] for one in recipe["alternatives"]]
        assert len(others) == 3
        assert recipe["checkpoint"] not in others


async def test_a_plan_serves_only_what_it_was_made_for(api):
    session = await api.session()
    body = {"session_id": session, "prompt": "a lake", "count": 3}
    plan = (await api.ok("POST", "/api/plan", body))["plan_id"]
    other = {**body, "plan_id": plan, "session_id": await api.session()}
    await api.refused("POST", "/api/generate/batch", 409, other)
    await api.refused("POST", "/api/generate/batch", 409, {**body, "plan_id": plan, "count": 4})
    await api.ok("POST", "/api/generate/batch", {**body, "plan_id": plan})


async def test_a_chosen_checkpoint_brings_the_tier_of_its_family(api):
    overrides = {"checkpoint": "juggernautXL"}
    grid = await api.grid(await api.session(), overrides=overrides)
    assert grid["tier"] == "sdxl_standard"
    assert {image["checkpoint"] for image in grid["images"]} == {"sdxl/juggernautXL_v9.safetensors"}


async def test_a_lora_of_another_family_is_never_applied(api):
    body = {"session_id": await api.session(), "prompt": "a lake", "mode": "manual"}
    loras = [{"name": "beach_sunset", "strength": 0.5}]
    body["overrides"] = {"checkpoint": "juggernautXL", "loras": loras}
    assert "made for sd15" in await api.refused("POST", "/api/generate/batch", 422, body)


async def test_a_recipe_explains_itself_at_four_levels(api):
    session = await api.session()
    grid = await api.grid(session, "a beach")
    await api.iterate(session, grid, 0, 1)
    path = f"/api/images/{grid['images'][0]['id']}/recipe"
    levels = {
        level: await api.ok("GET", path, explain=level)
        for level in ("minimal", "standard", "detailed", "technical")
    }
    assert levels["minimal"]["reason"] in levels["standard"]["reason"]
    assert levels["minimal"]["explanation"] == [levels["minimal"]["reason"]]
    told = [levels[level]["explanation"] for level in levels]
    for upper, lower in pairwise(told):
        assert lower[: len(upper)] == upper
    assert all(sentence.endswith(".") for sentence in told[-1])
    assert any("1 grid" in sentence for sentence in told[2])
    assert "terms" not in levels["standard"]
    assert levels["detailed"]["terms"][0]["grids"] == 1
    assert levels["technical"]["belief"]["evidence"] > 0
    await api.refused("GET", f"{path}?explain=poetic", 422)


async def test_a_prompt_sent_before_any_server_answered_waits_for_the_first_answer(start_studio):
    async with start_studio(wait=False) as api:
        grid = await api.grid(await api.session())
    assert grid["state"] == "done"
