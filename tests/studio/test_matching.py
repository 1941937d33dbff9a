"""Word lists and text encoders of the user's own: used where they are right, refused where not."""

from __future__ import annotations

import pytest

from vibes.errors import ConfigError


async def best(api, prompt):
    told = await api.ok("POST", "/api/loras/test", {"prompt": prompt, "tier": "sd15_draft"})
    return [lora["lora"] for lora in told["loras"]], told


async def test_a_paraphrase_finds_a_lora_by_meaning(api):
    found, told = await best(api, "ocean at dusk")
    assert "beach_sunset.safetensors" in found
    assert told["matcher"].startswith("model2vec")


async def test_without_a_text_encoder_nothing_pretends_to_know_meanings(start_studio):
    async with start_studio(lora_weights={"semantic": 0}) as api:
        found, told = await best(api, "violet horizon glow")
    assert (found, told["matcher"]) == ([], "words")


async def test_a_synonym_of_the_users_own_is_followed_and_told(start_studio, tmp_path):
    (tmp_path / "synonyms.yaml").write_text("qwertzuiop: beach\n")
    async with start_studio(lexicons=tmp_path, lora_weights={"semantic": 0}) as api:
        found, told = await best(api, "a qwertzuiop at sunset")
    assert found[0] == "beach_sunset.safetensors"
    assert "qwertzuiop" in told["loras"][0]["reason"]


async def test_concepts_of_the_users_own_are_understood(start_studio, tmp_path):
    (tmp_path / "concepts.yaml").write_text("categories:\n  scene: zzyzx road\n")
    async with start_studio(lexicons=tmp_path) as api:
        told = await api.ok("POST", "/api/analyze", {"prompt": "zzyzx road at night"})
    assert "zzyzx road" in told["concepts"]["scene"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("synonyms.yaml", "dusk: [sunset]\n", "synonyms.yaml:1"),
        ("concepts.yaml", "scene: 5\n", "concepts.yaml:1"),
    ],
)
async def test_word_lists_that_are_wrong_are_refused_by_file_and_line(
    start_studio, tmp_path, name, text, told
):
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / name).write_text(text)
    with pytest.raises(ConfigError, match=told):
        async with start_studio(lexicons=folder):
            pass


@pytest.mark.parametrize("setting", ["lexicons", "text_encoder"])
async def test_a_path_that_leads_nowhere_is_refused(start_studio, tmp_path, setting):
    with pytest.raises(ConfigError, match="points"):
        async with start_studio(**{setting: tmp_path / "nowhere"}):
            pass


async def test_embeddings_of_another_family_are_not_suggested(api):
    body = {"session_id": await api.session(), "prompt": "a beach", "tier": "sdxl_standard"}
    assert (await api.ok("POST", "/api/plan", body))["embeddings"] == []
