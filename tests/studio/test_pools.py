"""Pools as the user edits them: what is in a tier is chosen, what is taken out is not."""

from __future__ import annotations


async def pool(api, tier="sd15_draft"):
    return next(one for one in await api.ok("GET", "/api/pools") if one["tier"] == tier)


def names(entries):
    return [entry["name"] for entry in entries]


async def edit(api, checkpoint, member, tier="sd15_draft"):
    body = {"checkpoint": checkpoint, "member": member}
    return await api.ok("PUT", f"/api/pools/{tier}", body)


async def test_a_checkpoint_taken_out_of_a_pool_is_not_chosen_any_more(api):
    before = names((await pool(api))["checkpoints"])
    for name in before[1:]:
        await edit(api, name, False)
    session = await api.session()
    grid = await api.grid(session)
    assert {image["checkpoint"] for image in grid["images"]} == {before[0]}


async def test_an_edit_is_shown_as_the_users_and_can_be_taken_back(api):
    before = await pool(api)
    name = before["checkpoints"][0]["name"]
    out = await edit(api, name, False)
    assert {"name": name, "by": "user"} in out["left_out"]
    assert name not in names(out["checkpoints"])
    back = await edit(api, name, True)
    assert {"name": name, "by": "user"} in back["checkpoints"]
    assert await edit(api, name, None) == before


async def test_edits_outlive_the_studio(start_studio):
    async with start_studio() as api:
        name = (await pool(api))["checkpoints"][0]["name"]
        await edit(api, name, False)
    async with start_studio() as api:
        assert name in names((await pool(api))["left_out"])


async def test_a_checkpoint_of_another_family_cannot_be_put_into_a_pool(api):
    body = {"checkpoint": "sdxl/epicrealismXL", "member": True}
    said = await api.refused("PUT", "/api/pools/sd15_draft", 422, body)
    assert "is sdxl and tier 'sd15_draft' is sd15" in said


async def test_unknown_tiers_and_checkpoints_are_named(api):
    body = {"checkpoint": "epicrealism", "member": True}
    said = await api.refused("PUT", "/api/pools/sd15", 404, body)
    assert "the tiers are sd15_draft" in said
    said = await api.refused(
        "PUT", "/api/pools/sd15_draft", 404, {"checkpoint": "epicrealizm", "member": True}
    )
    assert "epicrealism" in said


async def test_the_last_checkpoint_taken_out_leaves_a_sentence_not_an_error(api):
    for entry in (await pool(api))["checkpoints"]:
        await edit(api, entry["name"], False)
    session = await api.session()
    body = {"session_id": session, "prompt": "a beach", "tier": "sd15_draft"}
    said = await api.refused("POST", "/api/generate/batch", 503, body)
    assert "checkpoint of this tier" in said
