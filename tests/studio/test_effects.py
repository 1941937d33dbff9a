"""LoRAs that change nothing: found out, remembered, shown, and kept out of learning."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from companion_app.embedded import FULL_LIBRARY, ModelFile, create_app
from companion_app.fleet import Job, ProgressStream
from companion_app.studio.controls import control_recipe, differ
from companion_app.studio.effects import Effects
from companion_app.studio.sessions import utc_now
from tests.stages.samples import make_grid, make_recipe
from tests.studio.conftest import running
from tests.studio.harness import Api, studio_over
from vibes.decoding import Undecodable
from vibes.recipes import Candidate, LoraUse
from vibes.settings import ServerConfig
from vibes.storage import Store, StoreThread, check, open_database

GRAIN, FOREIGN, OFF = (f"{n}.safetensors" for n in ("styles/film_grain", "mystery", "golden_hour"))
FOREIGN_FILE = ModelFile(FOREIGN, 9000, {"ss_base_model_version": "of a video model"})
"""Its family is not known, so it may be sent; it fits no checkpoint."""

LIBRARY = replace(FULL_LIBRARY, loras=(*FULL_LIBRARY.loras, FOREIGN_FILE))


def job_with(*loras: str) -> Job:
    uses = tuple(LoraUse(lora, 0.7) for lora in loras)
    recipe = make_recipe()
    return Job(
        "i", "b", "s", replace(recipe, candidate=Candidate(recipe.candidate.checkpoint, uses))
    )


@pytest.fixture
async def store(tmp_path) -> AsyncIterator[StoreThread]:
    store = StoreThread(tmp_path)
    yield store
    store.close()


@pytest.fixture
def progress() -> ProgressStream:
    return ProgressStream()


@pytest.fixture
def effects(store, progress) -> Effects:
    return Effects(store, progress=progress, clock=utc_now)


async def told(progress: ProgressStream, bursts) -> list[tuple[str, bool]]:
    progress.close()
    return [(e["lora"], e["works"]) async for burst in bursts for e in burst]


async def test_what_was_found_out_outlives_the_studio(effects, store, progress):
    job = job_with("grain", "foreign")
    checkpoint = job.recipe.candidate.checkpoint
    effects.counted(job, "one", {"grain": 264, "foreign": 0})
    effects.compared(checkpoint, "ink", "two", works=False)
    later = Effects(store, progress=progress, clock=utc_now)
    await later.load()
    for known in (effects, later):
        assert known.of(checkpoint, "grain", "one") == "works"
        assert known.of(checkpoint, "foreign", "one") == "none"
        assert known.of(checkpoint, "ink", None) == "none"
        assert known.of("other", "grain", "one") == "unverified"
        assert known.inert_pairs() == {checkpoint: {"foreign", "ink"}}
        assert [found["server"] for found in known.of_lora("ink")] == ["two"]


async def test_a_server_that_saw_it_work_outweighs_those_that_did_not(effects):
    for server, works in (("one", False), ("two", True), ("three", False)):
        effects.compared("epic", "grain", server, works=works)
    assert effects.of("epic", "grain", "one") == "none"
    assert effects.of("epic", "grain", "unheard-of") == "works"
    assert effects.of("epic", "grain", None) == "works"
    assert effects.inert_pairs() == {}


async def test_pages_hear_of_each_finding_once(effects, progress):
    bursts = progress.bursts()
    for keys in (0, 0, 12):
        effects.counted(job_with("grain"), "one", {"grain": keys})
    assert await told(progress, bursts) == [("grain", False), ("grain", True)]


async def test_a_lora_at_strength_0_changes_nothing_wherever_it_works(effects):
    recipe = make_recipe()
    uses = (LoraUse("grain", 0.7), LoraUse("ink", 0.0), LoraUse("new", 0.5))
    recipe = replace(recipe, candidate=replace(recipe.candidate, loras=uses))
    image = replace(make_grid(1).images[0], recipe=recipe, server="one")
    for lora in ("grain", "ink"):
        effects.compared(recipe.candidate.checkpoint, lora, "one", works=True)
    assert [effects.of_use(image, use) for use in uses] == ["works", "none", "unverified"]
    assert effects.inert(image) == ("ink",)


# --- control images ------------------------------------------------------------------------------


def png(value: int, size=(64, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (value, 90, 90)).save(out, "PNG")
    return out.getvalue()


def test_pictures_differ_when_one_would_see_it():
    assert not differ(png(100), png(100))
    assert not differ(png(100), png(101))  # a third of a level: rounding
    assert differ(png(100), png(102))
    with pytest.raises(Undecodable, match="another size"):
        differ(png(1), png(1, size=(64, 32)))
    with pytest.raises(Undecodable):
        differ(png(1), b"nonsense")


@pytest.mark.parametrize(
    ("size", "small"),
    [((512, 768), (160, 256)), ((1344, 768), (256, 144)), ((64, 96), (64, 96)), ((2048, 64), None)],
)
def test_a_control_recipe_is_small_short_and_has_one_lora_alone(size, small):
    recipe = replace(
        make_recipe(), width=size[0], height=size[1], steps=30, source="other", template="finish"
    )
    use = LoraUse("grain", 0.4)
    control = control_recipe(recipe, use, "draft")
    assert control.candidate == Candidate(recipe.candidate.checkpoint, (use,))
    assert (control.steps, control.source, control.template) == (2, None, "draft")
    assert (control.seed, control.cfg, control.prompt) == (recipe.seed, recipe.cfg, recipe.prompt)
    if small is not None:
        assert (control.width, control.height) == small
    assert max(control.width, control.height) <= 256


@asynccontextmanager
async def studio(directory, *, pack=False, **settings) -> AsyncIterator[Api]:
    application = create_app(name="one", seconds_per_image=0.02, models=LIBRARY, pack=pack)
    async with running(application) as url:
        servers = [ServerConfig.model_validate({"name": "one", "url": url})]
        async with studio_over(servers, directory, **settings) as api:
            yield api


async def made(api: Api, session: str) -> dict[str, Any]:
    """A grid of one image with a LoRA that works, one that does not, and one at strength 0."""
    prompt = "a beach <lora:film_grain:0.7> <lora:mystery:0.6> <lora:golden_hour:0>"
    return await api.grid(
        session, prompt, count=1, auto_lora=False, overrides={"checkpoint": "epicrealism"}
    )


async def effects_of(api: Api, image: str, *, unless: str) -> dict[str, str]:
    """The effects of an image's LoRAs, once none of them is ``unless``."""
    for _ in range(200):
        loras = (await api.ok("GET", f"/api/images/{image}"))["loras"]
        if all(lora["effect"] != unless for lora in loras):
            break
        await asyncio.sleep(0.05)
    return {lora["name"]: lora["effect"] for lora in loras}


@pytest.mark.parametrize("pack", [True, False])
async def test_a_lora_that_changed_nothing_is_shown_and_teaches_nothing(tmp_path, pack):
    async with studio(tmp_path, pack=pack) as api:
        session = await api.session()
        grid = await made(api, session)
        found = await effects_of(api, grid["images"][0]["id"], unless="unverified")
        assert found == {GRAIN: "works", FOREIGN: "none", OFF: "none"}
        pictures = [path.stem for path in tmp_path.rglob("*.png")]
        assert pictures == [grid["images"][0]["id"]]  # control images are nobody's
        await api.iterate(session, grid, 0)
    store = Store(open_database(tmp_path))
    [(_, event)] = store.events.after(0)
    assert set(event.images[0].inert) == {FOREIGN, OFF}
    how = {effect.how for effect in store.effects.all()}
    assert how == {"keys" if pack else "control"}
    assert len(check(tmp_path)) == 0
    store.close()


async def test_nothing_is_compared_where_the_user_does_not_want_it(tmp_path):
    async with studio(tmp_path, verify_loras=False) as api:
        grid = await made(api, await api.session())
        await asyncio.sleep(0.1)
        found = await effects_of(api, grid["images"][0]["id"], unless="anything")
        assert found == {GRAIN: "unverified", FOREIGN: "unverified", OFF: "none"}
