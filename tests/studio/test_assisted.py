"""ASSISTED: everything proposed with its reason; what the user changes of it is what is made."""

from __future__ import annotations

import pytest

BODY = {"prompt": "a beach at sunset", "count": 3, "seed": 7}


@pytest.fixture
async def planned(api):
    """A plan, and the request it was made for."""
    body = {"session_id": await api.session(), **BODY}
    return body, await api.ok("POST", "/api/plan", body)


async def make(api, planned, **fields):
    body, plan = planned
    reply = await api.ok(
        "POST",
        "/api/generate/batch",
        {**body, "mode": "assisted", "plan_id": plan["plan_id"], **fields},
    )
    return await api.finished(reply["batch_id"])


async def recipe(api, image, **parameters):
    return await api.ok("GET", f"/api/images/{image['id']}/recipe", **parameters)


async def test_a_plan_tells_what_was_understood_and_why_each_setting_is_so(planned):
    _, plan = planned
    assert plan["analysis"]["content"] == "scenery"
    assert plan["analysis"]["complexity"]["level"] == "simple"
    for settings in plan["parameters"]:
        assert settings["values"].keys() == settings["reasons"].keys()
        assert all(reason.endswith(".") for reason in settings["reasons"].values())
        assert 20 <= settings["values"]["steps"] <= 30
        assert "A landscape shape suits scenery." in settings["suggestions"]
    assert sum(settings["images"] for settings in plan["parameters"]) == 3


async def test_a_plan_names_the_loras_that_fit_with_reasons(planned):
    _, plan = planned
    best = plan["lora_alternatives"][0]
    assert best["lora"] == "beach_sunset.safetensors"
    assert "its name says 'beach', 'sunset'" in best["reason"]
    assert 0.5 <= best["strength"] <= 0.8


async def test_single_images_can_be_changed_and_left_out(api, planned):
    _, plan = planned
    edits = [
        {"index": 0, "checkpoint": "dreamshaper", "loras": [{"name": "neon_city"}]},
        {"index": 2, "drop": True},
    ]
    grid = await make(api, planned, edits=edits)
    first, second = grid["images"]
    assert first["checkpoint"] == "dreamshaper_8.safetensors"
    assert [lora["name"] for lora in first["loras"]] == ["neon_city.safetensors"]
    assert "You chose" in first["reason"]
    assert second["checkpoint"] == plan["recipes"][1]["checkpoint"]
    assert second["seed"] == plan["recipes"][1]["seed"]


async def test_trigger_words_can_be_written_and_taken_out(api, planned):
    edits = [{"index": 0, "triggers": ["golden hour"]}, {"index": 1, "triggers": []}]
    grid = await make(api, planned, edits=edits)
    first, second, _ = grid["images"]
    assert first["prompt"] == "a beach at sunset, golden hour"
    assert first["triggers"] == ["golden hour"]
    assert (second["prompt"], second["triggers"]) == ("a beach at sunset", [])


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("a stormy beach", "a stormy beach, golden hour"),
        ("a beach at the Golden Hour", "a beach at the Golden Hour"),
    ],
)
async def test_trigger_words_stay_through_a_refinement_that_does_not_say_them(
    api, planned, prompt, sent
):
    grid = await make(api, planned, edits=[{"index": 0, "triggers": ["golden hour"]}])
    session = grid["session_id"]
    refined = await api.iterate(session, grid, 0, action="refine", prompt=prompt)
    assert [image["prompt"] for image in refined["images"]] == [sent]


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([{"index": 3}], "the plan has 3"),
        ([{"index": 0}, {"index": 0}], "names an image twice"),
        ([{"index": i, "drop": True} for i in range(3)], "Every image of the plan is dropped"),
        ([{"index": 0, "checkpoint": "juggernautXL"}], "is sdxl, but the pictures are sd15"),
        ([{"index": 0, "loras": [{"name": "watercolor_xl"}]}], "is made for sdxl"),
    ],
)
async def test_edits_that_cannot_be_are_one_sentence_and_the_plan_stays(api, planned, edits, told):
    body, plan = planned
    wanted = {**body, "mode": "assisted", "plan_id": plan["plan_id"], "edits": edits}
    assert told in await api.refused("POST", "/api/generate/batch", 422, wanted)
    grid = await make(api, planned)
    assert grid["total_count"] == 3


async def test_settings_changed_for_all_become_a_habit_that_is_told(api):
    session = await api.session()
    for _ in range(6):
        body = {"session_id": session, **BODY, "count": 1}
        plan = await api.ok("POST", "/api/plan", body)
        suggested = plan["parameters"][0]["values"]["cfg"]
        asked = {"plan_id": plan["plan_id"], "overrides": {"cfg": 4.0}}
        await api.ok("POST", "/api/generate/batch", {**body, **asked})
    plan = await api.ok("POST", "/api/plan", {"session_id": session, **BODY})
    now = plan["parameters"][0]
    assert 4.0 <= now["values"]["cfg"] < suggested + 1
    assert "You usually lower CFG" in now["reasons"]["cfg"]


async def test_a_profile_that_does_not_learn_forms_no_habits(api):
    session = await api.session(profile="quiet")
    await api.ok("PUT", "/api/profiles/quiet", {"learning": False})
    for _ in range(4):
        await api.generate(session, count=1, overrides={"cfg": 3.0})
    plan = await api.ok("POST", "/api/plan", {"session_id": session, **BODY})
    assert "You usually" not in plan["parameters"][0]["reasons"]["cfg"]


async def test_what_is_decided_in_auto_stays_and_says_so(api):
    body = {"session_id": await api.session(), **BODY, "overrides": {"steps": 12}}
    plan = await api.ok("POST", "/api/plan", body)
    assert plan["parameters"][0]["values"]["steps"] == 12
    assert "you decided it" in plan["parameters"][0]["reasons"]["steps"]


async def test_limits_cost_something_and_say_what(api):
    session = await api.session()
    body = {"session_id": session, **BODY, "tier": "sdxl_standard", "max_vram_gb": 1.0}
    plan = await api.ok("POST", "/api/plan", body)
    assert any("cannot be kept" in said for said in plan["parameters"][0]["trade_offs"])


async def test_the_lora_variation_compares_the_best_two_on_one_checkpoint(api):
    prompt = "a beach at sunset, golden hour"
    grid = await api.grid(await api.session(), prompt, count=4, variation="loras")
    assert len({image["checkpoint"] for image in grid["images"]}) == 1
    assert len({image["seed"] for image in grid["images"]}) == 1
    used = [tuple(lora["name"] for lora in image["loras"]) for image in grid["images"]]
    a, b, both, none = used
    assert (len(a), len(b), both, none) == (1, 1, a + b, ())
    assert "Arm A+B of a comparison" in grid["images"][2]["reason"]


async def test_the_whole_chain_is_explained_down_to_the_numbers(api):
    grid = await api.grid(await api.session(), count=1, explore_mode=False)
    (image,) = grid["images"]
    told = {
        level: (await recipe(api, image, explain=level))["explanation"]
        for level in ("minimal", "standard", "detailed", "technical")
    }
    assert len(told["minimal"]) == 1
    assert any("its name says 'beach'" in sentence for sentence in told["standard"])
    assert any("steps: a simple prompt" in sentence for sentence in told["detailed"])
    assert any("Complexity of the prompt" in sentence for sentence in told["technical"])
    assert not any("Complexity" in sentence for sentence in told["detailed"])


async def test_embeddings_are_suggested_and_put_where_the_user_wants_them(api, planned):
    body, plan = planned
    suggested = plan["embeddings"]
    assert [one["embedding"] for one in suggested] == ["easynegative.safetensors"]
    assert suggested[0]["where"] == "negative"
    grid = await make(api, planned, embeddings=[{"name": "easynegative", "where": "negative"}])
    assert {image["negative_prompt"] for image in grid["images"]} == {"embedding:easynegative"}
    body = {**body, "embeddings": [{"name": "nowhere"}]}
    assert "easynegative" not in await api.refused("POST", "/api/generate/batch", 404, body)
