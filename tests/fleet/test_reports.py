"""What a picture brings along: the weights its LoRAs changed, and the record inside it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image

from companion_app.embedded import PARTIAL_LIBRARY
from companion_app.embedded.pack import PACK_NODES
from companion_app.fleet import ScoreWish, Told
from vibes.recipes import LoraUse
from vibes.workflows import Making

WATERCOLOR = LoraUse("styles/watercolor.safetensors", 0.7)
FOREIGN = LoraUse("sdxl/neon_glow_xl.safetensors", 0.5)


async def test_weights_are_told_by_the_names_the_job_calls_its_loras_by(serve, studio, job):
    site = await serve("windows", pack=True, models=PARTIAL_LIBRARY)
    here = await studio(site)
    here.fleet.submit([job("one", loras=(WATERCOLOR, FOREIGN)), job("two")])
    await here.log.until("collected", 2)
    told = here.log.told["one"].lora_keys
    assert set(told) == {WATERCOLOR.name, FOREIGN.name}
    assert told[WATERCOLOR.name] > 0
    assert told[FOREIGN.name] == 0
    assert here.log.told["two"].lora_keys is None  # no LoRA, so no node that counts


async def test_a_server_without_the_pack_tells_of_no_weights(serve, studio, job):
    here = await studio(await serve("plain"))
    here.fleet.submit([job("one", loras=(WATERCOLOR,))])
    await here.log.until("collected", 1)
    assert here.log.told == {"one": Told()}


@pytest.mark.parametrize("windows", [True, False])
async def test_what_ran_is_told_by_the_names_the_job_calls_its_models_by(
    windows, serve, studio, job
):
    site = await serve("windows" if windows else "linux", pack=True, models=PARTIAL_LIBRARY)
    here = await studio(site)
    here.fleet.submit([job("one", loras=(WATERCOLOR,))])
    await here.log.until("collected", 1)
    ran = here.log.told["one"].ran
    assert ran.checkpoint.name == job("one").recipe.candidate.checkpoint
    [lora] = ran.loras
    assert (lora.name, lora.strength) == (WATERCOLOR.name, WATERCOLOR.strength)
    assert lora.keys == here.log.told["one"].lora_keys[WATERCOLOR.name]
    assert here.log.server_faults == []


async def _loading(pool, name, run, **inputs):
    """Load this checkpoint whatever is asked for, and say so."""
    return await pool.run(run, **{**inputs, "checkpoint": name})


async def test_a_server_that_loads_another_checkpoint_has_a_fault_and_the_picture_stays(
    serve, studio, job, monkeypatch
):
    pool, other = PACK_NODES["VibesCheckpointPool"], "toonyou_beta6.safetensors"
    mistaken = replace(pool, run=partial(_loading, pool, other))
    monkeypatch.setitem(PACK_NODES, "VibesCheckpointPool", mistaken)
    monkeypatch.setattr("companion_app.embedded.pack.read_making", lambda *_: Making())
    here = await studio(await serve("one", pack=True))
    here.fleet.submit([job("one")])
    await here.log.until("collected", 1)
    assert here.log.told["one"].ran.checkpoint.name == other
    [(server, kind, sentence)] = here.log.server_faults
    asked = job("one").recipe.candidate.checkpoint
    assert (server, kind) == ("one", "mistaken")
    assert sentence == f"one loaded {other} instead of {asked}."


async def test_of_checkpoints_without_end_that_a_server_tells_of_a_few_are_named(
    serve, studio, job, monkeypatch
):
    lies = frozenset(f"{number:03}" * 300 for number in range(100))
    monkeypatch.setattr("companion_app.fleet.replies.checkpoints", lambda _: lies)
    here = await studio(await serve("one", pack=True))
    here.fleet.submit([job("one")])
    await here.log.until("collected", 1)
    [(_, kind, sentence)] = here.log.server_faults
    assert kind == "mistaken"
    assert len(sentence) < 3000


async def test_the_job_s_record_lies_in_its_picture_and_changes_nothing_else(serve, studio, job):
    here = await studio(await serve("one"))
    record = {"version": 1, "reason": "Chosen for ‘sunset’.", "loras": [{"name": "ä"}]}
    here.fleet.submit([replace(job("a"), record=record), job("b")])
    await here.log.until("collected", 2)
    texts = {id: Image.open(io.BytesIO(data)).text for id, data in here.log.pictures.items()}
    assert json.loads(texts["a"]["vibes"]) == record
    assert "vibes" not in texts["b"]
    assert "vibes" not in json.loads(texts["a"]["prompt"])


class Lent:
    """Says of every picture what it was asked."""

    def __init__(self, *models):
        self.models = models
        self.asked = []

    def __call__(self, picture, text, model):
        self.asked.append(text)
        return 0.5, f"{model}: {text}"


WISH = ScoreWish("tiny", lambda recipe: f"what {recipe.prompt} asks for")


async def test_a_server_that_can_scores_pictures_of_jobs_and_no_others(serve, studio, job):
    can, cannot = Lent("fast", "tiny"), Lent("fast")
    sites = [await serve("can", pack=True, scorer=can), await serve("cannot", scorer=cannot)]
    sites.append(await serve("other", pack=True, scorer=cannot))
    for site in sites:
        here = await studio(site, wish=WISH)
        assert here.fleet.scoring_servers() == (["can"] if site is sites[0] else [])
        here.fleet.submit([job(site.config.name)])
        await here.log.until("collected", 1)
        text = f"what {job('any').recipe.prompt} asks for"
        expected = f"tiny: {text}" if site is sites[0] else None
        assert here.log.told[site.config.name].score == expected
        await here.fleet.stop()
    assert (can.asked, cannot.asked) == ([text], [])


async def test_a_picture_made_aside_is_not_scored(serve, studio, job):
    scorer = Lent("tiny")
    here = await studio(await serve("one", pack=True, scorer=scorer), wish=WISH)
    await here.fleet.render_aside("one", job("any").recipe)
    assert scorer.asked == []


async def test_without_a_wish_nothing_is_scored(serve, studio, job):
    scorer = Lent("tiny")
    here = await studio(await serve("one", pack=True, scorer=scorer))
    here.fleet.submit([job("one")])
    await here.log.until("collected", 1)
    assert (here.log.told["one"].score, scorer.asked) == (None, [])
