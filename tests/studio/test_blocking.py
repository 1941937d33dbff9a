"""What a profile blocks is not chosen for it; typed by hand it still works."""

from __future__ import annotations

PROMPT = "a beach at sunset"


async def chosen(api, session, prompt=PROMPT, **fields):
    grid = await api.grid(session, prompt, count=8, **fields)
    return {lora["name"] for image in grid["images"] for lora in image["loras"]}


async def test_a_blocked_lora_is_not_chosen_but_may_be_typed(api):
    session = await api.session()
    assert "beach_sunset.safetensors" in await chosen(api, session)
    await api.ok("PUT", "/api/loras/block", {"name": "beach_sunset", "blocked": True})
    assert "beach_sunset.safetensors" not in await chosen(api, session)
    typed = await chosen(api, session, f"{PROMPT} <lora:beach_sunset:0.6>")
    assert "beach_sunset.safetensors" in typed


async def test_blocking_a_tag_keeps_every_lora_with_it_out(api):
    session = await api.session()
    await api.ok("PUT", "/api/blocks", {"tags": ["Sunset"]})
    assert not {"beach_sunset.safetensors", "golden_hour.safetensors"} & await chosen(api, session)


async def test_each_profile_has_a_list_of_its_own(api):
    one, other = await api.session(), await api.session(profile="other")
    await api.ok("PUT", "/api/blocks", {"families": ["sd15"]}, profile="other")
    assert await chosen(api, other) == set()
    assert await chosen(api, one)
    assert (await api.ok("GET", "/api/blocks"))["families"] == []


async def test_blocks_outlive_the_studio_and_show_in_the_list(start_studio):
    async with start_studio() as api:
        await api.ok("PUT", "/api/loras/block", {"name": "neon_city", "blocked": True})
    async with start_studio() as api:
        assert (await api.ok("GET", "/api/blocks"))["loras"] == ["neon_city.safetensors"]
        (lora,) = await api.ok("GET", "/api/loras", query="neon_city", profile="default")
        assert lora["blocked"]
        await api.ok("PUT", "/api/loras/block", {"name": "neon_city", "blocked": False})
        assert (await api.ok("GET", "/api/blocks"))["loras"] == []


async def test_an_unknown_profile_or_lora_is_named(api):
    assert "nobody" in await api.refused("GET", "/api/blocks?profile=nobody", 404)
    body = {"name": "neon_town", "blocked": True}
    assert "neon_city" in await api.refused("PUT", "/api/loras/block", 404, body)
