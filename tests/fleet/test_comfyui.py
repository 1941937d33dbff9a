"""The fleet over two real ComfyUI servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vibes.recipes import LoraUse
from vibes.settings import ServerConfig

pytestmark = pytest.mark.comfyui


def tiny(job, **changes):
    """The job with one sampling step, as the tiny checkpoints want it."""
    return replace(job, recipe=replace(job.recipe, steps=1, cfg=1.0, **changes))


@pytest.fixture
def configs(two_comfyui_servers) -> list[ServerConfig]:
    return [ServerConfig(name=s.name, url=s.url) for s in two_comfyui_servers]


async def test_two_real_servers_share_drafts_and_refine_them(configs, studio, jobs, png):
    here = await studio(*configs)
    loras = (LoraUse("tiny-lora.safetensors", 0.7),)
    drafts = jobs(6, checkpoint="tiny-a.safetensors", loras=loras)
    here.fleet.submit([tiny(job) for job in drafts])
    await here.log.until("collected", 6, seconds=120)
    assert here.log.ids("failed") == []
    assert set(here.log.made_by()) == {"real-1", "real-2"}
    here.log.sources["earlier"] = here.log.pictures["image-0"]
    refined = jobs(2, checkpoint="tiny-a.safetensors", template="refine", source="earlier")
    here.fleet.submit([tiny(replace(job, id=f"refined-{job.id}")) for job in refined])
    await here.log.until("collected", 8, seconds=120)


async def test_a_checkpoint_of_one_real_server_is_made_there(configs, studio, jobs):
    here = await studio(*configs)
    here.fleet.submit([tiny(job) for job in jobs(3, checkpoint="tiny-c.safetensors")])
    await here.log.until("collected", 3, seconds=120)
    assert here.log.made_by() == {"real-1": 3}


async def test_cancel_leaves_a_real_server_empty(configs, studio, jobs):
    here = await studio(configs[0])
    here.fleet.submit(
        [tiny(job, width=256, height=256) for job in jobs(8, checkpoint="tiny-a.safetensors")]
    )
    await here.log.until("submitted", 2, seconds=120)
    await here.fleet.cancel("batch")
    await here.eventually(lambda: here.fleet.statuses()[0].state == "online", seconds=60)
    assert here.log.ids("failed") == []
    assert set(here.log.ids("cancelled")).isdisjoint(here.log.ids("collected"))
