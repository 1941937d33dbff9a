"""How models came to be chosen: noted with each image, told by the event, asked for by REST."""

from __future__ import annotations

import asyncio

import pytest

from companion_app.studio.choosing import Propensities
from vibes.preferences import GridSubmitted, SuggestionChanged
from vibes.settings import load_settings
from vibes.storage import Store, open_database

PATIENCE_SECONDS = 30


def events_in(directory):
    """What is stored, once no studio runs on it."""
    store = Store(open_database(directory))
    try:
        return list(store.events.all(None))
    finally:
        store.close()


async def choice_of(api, image):
    return (await api.ok("GET", f"/api/images/{image['id']}/recipe"))["choice"]


async def known_choice_of(api, image):
    """The choice with its propensities, which come a moment after the grid."""
    for _ in range(PATIENCE_SECONDS * 20):
        choice = await choice_of(api, image)
        if choice["checkpoint_propensity"] is not None:
            return choice
        await asyncio.sleep(0.05)
    raise AssertionError(f"no propensity in {PATIENCE_SECONDS} s: {choice}")


@pytest.mark.parametrize("policy", ["taste", "selection_rate", "random"])
async def test_every_image_knows_who_chose_its_models_and_how_likely_that_was(start_studio, policy):
    async with start_studio(policy=policy) as api:
        grid = await api.grid(await api.session(), count=8)
        for image in grid["images"]:
            choice = await known_choice_of(api, image)
            assert (choice["policy"], choice["version"]) == (policy, 1)
            assert choice["decided"] == []
            assert 0 < choice["checkpoint_propensity"] <= 1
            names = {lora["name"] for lora in image["loras"]}
            assert set(choice["lora_propensities"]) == names
            assert names <= set(choice["relevance"])


@pytest.mark.parametrize(
    ("fields", "decided"),
    [
        ({"overrides": {"checkpoint": "epicrealism"}}, ["checkpoint"]),
        ({"overrides": {"loras": []}}, ["loras"]),
        ({"auto_lora": False}, ["loras"]),
        ({"prompt": "a beach <lora:film_grain:0.4>"}, ["loras"]),
        ({"overrides": {"checkpoint": "epicrealism", "loras": []}}, ["checkpoint", "loras"]),
        ({"mode": "manual", "overrides": {"checkpoint": "toonyou"}}, ["checkpoint", "loras"]),
    ],
)
async def test_what_the_user_decided_is_noted_and_has_no_propensity(api, fields, decided):
    grid = await api.grid(await api.session(), count=2, **fields)
    choice = await choice_of(api, grid["images"][0])
    if "checkpoint" not in decided:
        choice = await known_choice_of(api, grid["images"][0])
    assert choice["decided"] == decided
    if "checkpoint" in decided:
        assert choice["checkpoint_propensity"] is None
    if "loras" in decided:
        assert choice["lora_propensities"] == {}


async def test_an_explore_grid_of_taste_has_as_many_probes_as_the_settings_say(start_studio):
    for probes in (0, 1, 3):
        async with start_studio(policy="taste", probes=probes) as api:
            grid = await api.grid(await api.session(), count=10)
            choices = [await choice_of(api, image) for image in grid["images"]]
            assert sum(choice["probe"] for choice in choices) == probes
            quick = await api.grid(await api.session(), count=10, explore_mode=False)
            assert not any([(await choice_of(api, image))["probe"] for image in quick["images"]])


async def test_a_grid_submitted_at_once_tells_its_propensities(start_studio, tmp_path):
    async with start_studio() as api:
        session = await api.session()
        grid = await api.grid(session, count=8)
        await api.iterate(session, grid, 0)
    (event,) = events_in(tmp_path)
    assert isinstance(event, GridSubmitted)
    assert event.policy_version == 1
    for image in event.images:
        assert 0 < image.checkpoint_propensity <= 1
        assert set(image.lora_propensities) == {use.name for use in image.candidate.loras}
        assert set(image.relevance) >= set(image.lora_propensities)


async def test_the_answer_waits_for_no_propensity_and_the_event_waits_for_all(
    start_studio, tmp_path, monkeypatch
):
    gate = asyncio.Event()
    work_out = Propensities._work_out

    async def late(self, images, draw):
        await gate.wait()
        await work_out(self, images, draw)

    monkeypatch.setattr(Propensities, "_work_out", late)
    async with start_studio() as api:
        session = await api.session()
        grid = await api.grid(session)
        assert (await choice_of(api, grid["images"][0]))["checkpoint_propensity"] is None
        leaving = asyncio.ensure_future(api.iterate(session, grid, 0))
        await asyncio.sleep(0.2)
        assert not leaving.done()
        gate.set()
        await leaving
    assert all(image.checkpoint_propensity for image in events_in(tmp_path)[0].images)


async def test_a_studio_that_stops_meanwhile_goes_on_without_them(
    start_studio, tmp_path, monkeypatch, caplog
):
    async def never(self, images, draw):
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(Propensities, "_work_out", never)
        async with start_studio() as api:
            session = await api.session()
            grid = await api.grid(session)
    async with start_studio() as api:
        await api.iterate(session, grid, 0)
    (event,) = events_in(tmp_path)
    assert event.policy
    assert all(image.checkpoint_propensity is None for image in event.images)
    assert "stays unknown" not in caplog.text


async def test_a_policy_that_cannot_tell_is_logged_and_stops_nothing(
    start_studio, tmp_path, monkeypatch, caplog
):
    async def broken(self, images, draw):
        raise ValueError("no idea")

    monkeypatch.setattr(Propensities, "_work_out", broken)
    async with start_studio() as api:
        session = await api.session()
        await api.iterate(session, await api.grid(session), 0)
    assert "stays unknown" in caplog.text
    assert len(events_in(tmp_path)) == 1


async def test_images_rendered_from_picks_were_chosen_by_no_policy(start_studio, tmp_path):
    async with start_studio() as api:
        session = await api.session()
        drafts = await api.grid(session)
        refined = await api.iterate(session, drafts, 0, 1)
        for image in refined["images"]:
            choice = await choice_of(api, image)
            assert (choice["policy"], choice["probe"]) == ("", False)
            assert choice["checkpoint_propensity"] is None
        await api.iterate(session, refined, 0)
    first, second = events_in(tmp_path)
    assert first.policy
    assert (second.policy, second.policy_version) == ("", 0)


async def test_models_chosen_anew_for_another_tier_are_noted_like_a_first_grid(start_studio):
    stages = [stage.model_dump() for stage in load_settings().stages]
    stages[1]["tier"] = "sdxl_standard"
    async with start_studio(stages=stages) as api:
        session = await api.session()
        refined = await api.iterate(session, await api.grid(session), 0)
        for image in refined["images"]:
            assert (await choice_of(api, image))["policy"] == "taste"


async def test_a_profile_that_does_not_learn_still_gets_proposals(start_studio, tmp_path):
    async with start_studio() as api:
        session = await api.session(profile="guest")
        await api.ok("PUT", "/api/profiles/guest", {"learning": False})
        grid = await api.grid(session)
        assert (await known_choice_of(api, grid["images"][0]))["policy"]
        await api.iterate(session, grid, 0)
    assert changes_in(tmp_path) == []


def changes_in(directory):
    """The changed suggestions; what is told of settings teaches no policy."""
    return [event for event in events_in(directory) if isinstance(event, SuggestionChanged)]


async def plan(api, session, **fields):
    body = {"session_id": session, "prompt": "a beach", "count": 6, **fields}
    return body, await api.ok("POST", "/api/plan", body)


async def approve(api, body, planned, **overrides):
    body = {**body, "mode": "assisted", "plan_id": planned["plan_id"], "overrides": overrides}
    reply = await api.ok("POST", "/api/generate/batch", body)
    return await api.finished(reply["batch_id"])


async def test_a_checkpoint_changed_on_approval_is_made_and_teaches_once_per_suggestion(
    start_studio, tmp_path
):
    async with start_studio() as api:
        body, planned = await plan(api, await api.session())
        grid = await approve(api, body, planned, checkpoint="toonyou")
        assert {image["checkpoint"] for image in grid["images"]} == {"toonyou_beta6.safetensors"}
        changed = [one for one in planned["recipes"] if "toonyou" not in one["checkpoint"]]
        for image, suggested in zip(grid["images"], planned["recipes"], strict=True):
            choice = await choice_of(api, image)
            used = [{"name": one["name"], "strength": one["strength"]} for one in image["loras"]]
            assert used == [
                {"name": one["name"], "strength": one["strength"]} for one in suggested["loras"]
            ]
            assert image["seed"] == suggested["seed"]
            assert choice["decided"] == (["checkpoint"] if suggested in changed else [])
            if suggested in changed:
                assert image["reason"].startswith("You chose this checkpoint instead of ")
    events = changes_in(tmp_path)
    pairs = [(event.suggested, event.chosen) for event in events]
    assert len(set(pairs)) == len(pairs) > 0
    assert {one.checkpoint for one, _ in pairs} == {one["checkpoint"] for one in changed}
    assert len(pairs) == len({one["checkpoint"] for one in changed})
    for event in events:
        assert event.chosen.checkpoint == "toonyou_beta6.safetensors"
        assert event.chosen.loras == event.suggested.loras
        assert (event.batch, event.keywords) == (grid["id"], ("beach",))
        assert event.policy


async def test_loras_changed_on_approval_keep_what_the_prompt_names(api):
    typed = "a beach <lora:film_grain:0.4>"
    body, planned = await plan(api, await api.session(), prompt=typed)
    grid = await approve(api, body, planned, loras=[{"name": "neon_city", "strength": 0.5}])
    for image in grid["images"]:
        assert [lora["name"] for lora in image["loras"]] == [
            "styles/film_grain.safetensors",
            "neon_city.safetensors",
        ]


async def test_a_plan_approved_as_it_is_or_by_a_profile_that_does_not_learn_teaches_nothing(
    start_studio, tmp_path
):
    async with start_studio() as api:
        session = await api.session(profile="guest")
        await approve(api, *await plan(api, session))
        await api.ok("PUT", "/api/profiles/guest", {"learning": False})
        await approve(api, *await plan(api, session), checkpoint="toonyou")
    assert changes_in(tmp_path) == []


async def test_changing_what_one_chose_oneself_is_no_changed_suggestion(start_studio, tmp_path):
    async with start_studio() as api:
        own = {"overrides": {"checkpoint": "epicrealism"}}
        body, planned = await plan(api, await api.session(), auto_lora=False, **own)
        grid = await approve(api, body, planned, checkpoint="toonyou")
        assert {image["checkpoint"] for image in grid["images"]} == {"toonyou_beta6.safetensors"}
    assert changes_in(tmp_path) == []


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"checkpoint": "juggernautXL"}, "is sdxl"),
        ({"checkpoint": "no_such_model"}, "no_such_model"),
        ({"loras": [{"name": "no_such_lora", "strength": 0.5}]}, "no_such_lora"),
    ],
)
async def test_a_plan_cannot_be_approved_with_models_that_do_not_fit(api, overrides, said):
    body, planned = await plan(api, await api.session())
    body = {**body, "mode": "assisted", "plan_id": planned["plan_id"], "overrides": overrides}
    reply = await api.http.post("/api/generate/batch", json=body)
    assert reply.status_code in (404, 422)
    assert said in reply.json()["detail"]
    await approve(api, {**body}, planned)  # the plan is still there
