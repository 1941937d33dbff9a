from __future__ import annotations

import pytest

from tests.studio.harness import studio_over

EVENT = {
    "type": "ImageActed",
    "id": "e" * 32,
    "time": "2026-01-01T00:00:00.000Z",
    "profile": "default",
    "session": "graph editor",
    "batch": "b" * 32,
    "image": "i" * 32,
    "action": "saved",
}


async def taught(api, rounds: int = 3, profile: str = "default", loved: str = "epicrealism"):
    """A profile that picks one checkpoint wherever it is shown."""
    session = await api.session(profile=profile)
    for _ in range(rounds):
        overrides = [{"checkpoint": loved}, {"checkpoint": "toonyou"}]
        for index, override in enumerate(overrides):
            grid = await api.grid(session, "a beach", overrides=override, auto_lora=False)
            if index == 0:
                body = {"session_id": session, "batch_id": grid["id"], "action": "refine"}
                body["selected"] = [image["id"] for image in grid["images"]]
                await api.ok("POST", "/api/iterate", body)
            else:
                body = {"session_id": session, "batch_id": grid["id"]}
                await api.ok("POST", "/api/iterate/reject-all", body)


async def test_picks_change_what_is_recommended_and_why(api):
    await taught(api)
    found = await api.ok("GET", "/api/preferences/recommend/checkpoint", prompt="a sunny beach")
    assert found["checkpoint"] == "epicrealism.safetensors"
    assert found["evidence"] == 12
    assert 0 < found["confidence"] < 1
    assert found["interval"][0] < found["selection_rate"] <= found["interval"][1] <= 1
    assert "beach" in found["reason"]


async def test_recommendations_are_limited_to_what_is_available(api):
    await taught(api)
    found = await api.ok(
        "GET",
        "/api/preferences/recommend/checkpoint",
        prompt="a beach",
        available="toonyou_beta6,dreamshaper_8",
    )
    assert found["checkpoint"] in ("toonyou_beta6.safetensors", "dreamshaper_8.safetensors")


async def test_loras_are_recommended_for_a_checkpoints_family_only(api):
    found = await api.ok(
        "GET",
        "/api/preferences/recommend/loras",
        prompt="sunset on a beach",
        checkpoint="epicrealism",
        count=3,
    )
    assert found[0]["lora"] == "beach_sunset.safetensors"
    families = {lora["name"]: lora["base_model"] for lora in await api.ok("GET", "/api/loras")}
    assert {families[one["lora"]] for one in found} == {"sd15"}


async def recommended_loras(api, prompt: str, **parameters):
    parameters = {"checkpoint": "epicrealism", "count": 5, **parameters}
    return await api.ok("GET", "/api/preferences/recommend/loras", prompt=prompt, **parameters)


def judged(number: int, word: str, lora: str, *, liked: bool):
    """A grid of eight images, four with the LoRA and four without; one four was picked."""
    images = [
        {
            "image_id": f"{word}-{number}-{index}",
            "index": index,
            "candidate": {
                "checkpoint": "epicrealism.safetensors",
                "loras": [{"name": lora, "strength": 0.7}] if index < 4 else [],
            },
            "picked": (index < 4) == liked,
        }
        for index in range(8)
    ]
    about = {"id": f"{word}-{number}", "batch": f"{word}-{number}", "stage": 0, "policy": ""}
    about |= {key: EVENT[key] for key in ("time", "profile", "session")}
    words = {"prompt": f"a {word}", "keywords": [word]}
    return {"type": "GridSubmitted", **about, **words, "images": images}


async def picked_for_a_city(api):
    """What is recommended for a city once one LoRA was picked for it again and again."""
    before = await recommended_loras(api, "beach at sunset")
    grain = "styles/film_grain.safetensors"
    events = [judged(number, "city", grain, liked=True) for number in range(5)]
    await api.ok("POST", "/api/preferences/events", events)
    after = await recommended_loras(api, "beach at sunset")
    assert [one["lora"] for one in after] == [one["lora"] for one in before]
    assert before[0]["lora"] == "beach_sunset.safetensors"
    return await recommended_loras(api, "a city")


async def test_what_was_learned_about_a_lora_counts_for_its_keywords_only(api):
    found = {one["lora"]: one for one in await picked_for_a_city(api)}
    assert set(found) == {"styles/film_grain.safetensors", "neon_city.safetensors"}
    grain = found["styles/film_grain.safetensors"]
    assert "picked in 20 of 20 images for 'city' with epicrealism" in grain["reason"]
    assert 0.8 < grain["score"] < 1
    assert 0 < grain["confidence"] <= 1
    assert found["neon_city.safetensors"]["confidence"] < 0.01


async def test_counted_picks_alone_recommend_a_lora_by_its_rate(start_studio):
    async with start_studio(policy="selection_rate") as api:
        best, *others = await picked_for_a_city(api)
    assert (best["lora"], best["score"], best["confidence"]) == (
        "styles/film_grain.safetensors",
        1.0,
        1.0,
    )
    assert "picked in 20 of 20 images for 'city' with epicrealism" in best["reason"]
    assert "neon_city.safetensors" in [one["lora"] for one in others]


async def test_a_lora_that_lost_with_these_keywords_is_not_recommended_for_them(api):
    lost = "beach_sunset.safetensors"
    events = [judged(number, "beach", lost, liked=False) for number in range(5)]
    await api.ok("POST", "/api/preferences/events", events)
    assert lost not in [one["lora"] for one in await recommended_loras(api, "a beach")]


@pytest.mark.parametrize(
    "path",
    [
        "snapshot?profile=nobody",
        "recommend/checkpoint?prompt=a%20beach&profile=nobody",
        "recommend/loras?prompt=a%20beach&checkpoint=epicrealism&profile=nobody",
    ],
)
async def test_the_taste_of_a_profile_nobody_made_is_not_found(api, path):
    assert "'nobody'" in await api.refused("GET", f"/api/preferences/{path}", 404)
    assert (await api.http.get(f"/api/preferences/{path}".replace("nobody", "default"))).is_success


async def test_affinities_are_listed_with_counts_and_intervals(api):
    await taught(api, rounds=1)
    rows = await api.ok("GET", "/api/preferences/affinities", type="keyword_checkpoint")
    best = rows[0]
    assert best["parts"] == ["beach", "epicrealism.safetensors"]
    assert (best["selected"], best["total"]) == (4, 4)
    assert best["interval"][0] < 1


async def test_what_was_learned_moves_to_another_studio_and_back_without_doubling(
    api, start_studio, servers, tmp_path
):
    await taught(api)
    document = await api.ok("GET", "/api/preferences/export")
    assert (await api.ok("POST", "/api/preferences/import", document)) == {
        "imported": 0,
        "left_out": 0,
    }
    before = await api.ok("GET", "/api/preferences/affinities", type="keyword_checkpoint")
    async with studio_over(servers, tmp_path / "other") as other:
        first = await other.ok("POST", "/api/preferences/import", document)
        again = await other.ok("POST", "/api/preferences/import", document)
        assert (first["imported"], again["imported"]) == (24, 0)
        after = await other.ok("GET", "/api/preferences/affinities", type="keyword_checkpoint")
    assert after == before


async def test_taste_is_kept_per_profile(api):
    await taught(api, profile="realist", loved="epicrealism")
    own = await api.ok("GET", "/api/preferences/stats", profile="realist")
    other = await api.ok("GET", "/api/preferences/stats", profile="default")
    assert own["total_preferences"] == 24
    assert other["total_preferences"] == 0


async def test_a_profile_that_does_not_learn_leaves_no_trace(api):
    session = await api.session(profile="guest")
    await api.ok("PUT", "/api/profiles/guest", {"learning": False})
    grid = await api.grid(session)
    await api.iterate(session, grid, 0)
    rating = await api.ok("PUT", f"/api/images/{grid['images'][0]['id']}/rating", {"overall": 5})
    assert rating["recorded"] is False
    assert (await api.ok("GET", "/api/preferences/stats"))["total_preferences"] == 0
    profiles = await api.ok("GET", "/api/profiles")
    assert {"name": "guest", "learning": False} in profiles


async def test_nothing_is_taken_in_for_a_profile_that_does_not_learn(api):
    await taught(api, rounds=1, profile="guest")
    document = await api.ok("GET", "/api/preferences/export")
    for preference in document["preferences"]:
        preference |= {"id": f"new-{preference['id']}", "batch": f"new-{preference['batch']}"}
        preference |= {"event": None}
    mine = {**document["preferences"][0], "id": "mine", "batch": "mine", "profile": "default"}
    document["preferences"].append(mine)
    await api.ok("PUT", "/api/profiles/guest", {"learning": False})
    reply = await api.ok("POST", "/api/preferences/import", document)
    assert reply == {"imported": 1, "left_out": 8}
    guest = await api.ok("GET", "/api/preferences/stats", profile="guest")
    assert guest["total_preferences"] == 8
    node = {**EVENT, "profile": "guest"}
    reply = await api.ok("POST", "/api/preferences/events", [node])
    assert reply == {"added": 0, "left_out": 1}


async def test_the_default_profile_can_be_told_not_to_learn_before_anything_happened(api):
    await api.ok("PUT", "/api/profiles/default", {"learning": False})
    assert (await api.ok("POST", "/api/preferences/events", [EVENT]))["added"] == 0


async def test_a_profiles_export_holds_its_own_preferences_only(api):
    await taught(api, rounds=1, profile="realist")
    await taught(api, rounds=1)
    own = await api.ok("GET", "/api/preferences/export", profile="realist")
    assert {one["profile"] for one in own["preferences"]} == {"realist"}
    assert (await api.ok("GET", "/api/preferences/export"))["total_preferences"] == 16


async def test_an_image_without_a_picture_cannot_be_rated(api):
    grid = await api.grid(await api.session(), "a doomed beach", count=1)
    [image] = grid["images"]
    assert image["state"] == "failed"
    path = f"/api/images/{image['id']}"
    assert "no picture" in await api.refused("PUT", f"{path}/rating", 409, {"overall": 5})
    assert "no picture" in await api.refused("POST", f"{path}/actions", 409, {"action": "saved"})


async def test_checkpoint_statistics_name_every_checkpoint_there_is(api):
    await taught(api, rounds=1)
    stats = await api.ok("GET", "/api/checkpoints/stats")
    assert stats["epicrealism.safetensors"] == {"selected": 4, "total": 4, "selection_rate": 1.0}
    unseen = {"selected": 0, "total": 0, "selection_rate": 0.0}
    assert stats["woodblock_diffusion.safetensors"] == unseen


async def test_ratings_and_actions_are_recorded(api):
    grid = await api.grid(await api.session())
    image = grid["images"][0]["id"]
    rating = {"overall": 4, "aesthetics": 5, "flaws": ["hands"], "comment": "lovely light"}
    for _ in range(2):
        assert (await api.ok("PUT", f"/api/images/{image}/rating", rating))["recorded"]
    assert (await api.ok("POST", f"/api/images/{image}/actions", {"action": "saved"}))["recorded"]
    counts = (await api.ok("GET", "/api/preferences/stats"))["action_counts"]
    assert (counts["rated"], counts["saved"]) == (1, 1)


async def test_events_of_nodes_are_taken_in_once(api):
    first, again = [await api.ok("POST", "/api/preferences/events", [EVENT]) for _ in range(2)]
    assert (first["added"], again["added"]) == (1, 0)


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"other", {}'])
async def test_a_snapshot_is_sent_again_only_when_it_changed(api, sent):
    first = await api.http.get("/api/preferences/snapshot")
    etag = {"if-none-match": sent.format(first.headers["etag"])}
    assert (await api.http.get("/api/preferences/snapshot", headers=etag)).status_code == 304
    await taught(api, rounds=1)
    assert (await api.http.get("/api/preferences/snapshot", headers=etag)).status_code == 200


async def test_learning_survives_a_restart(start_studio):
    async with start_studio() as api:
        await taught(api, rounds=1)
        before = await api.ok("GET", "/api/preferences/stats")
        etag = (await api.http.get("/api/preferences/snapshot")).headers["etag"]
    async with start_studio() as api:
        assert await api.ok("GET", "/api/preferences/stats") == before
        again = await api.http.get("/api/preferences/snapshot", headers={"if-none-match": etag})
        assert again.status_code == 304
