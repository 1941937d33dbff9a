"""Prompts wait, run one at a time, can be taken back, and end in the history."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image


@pytest.fixture
async def slow(start):
    """A server that takes a minute per picture: whatever runs there stays running."""
    return await start(seconds_per_image=60)


async def running(client):
    while not (queue := await client.get("/queue"))["queue_running"]:
        pass
    return queue


async def test_a_prompt_ends_in_the_history_with_its_files(client, graph):
    entry = await client.run(graph(), client_id="me")
    assert entry["status"]["status_str"] == "success"
    assert entry["status"]["completed"] is True
    images = entry["outputs"]["save"]["images"]
    assert images == [{"filename": "picture_00001_.png", "subfolder": "job", "type": "output"}]
    assert entry["meta"]["save"]["real_node_id"] == "save"
    assert entry["prompt"][3] == {"client_id": "me"}
    with Image.open(io.BytesIO(await client.picture(images[0]))) as picture:
        assert json.loads(picture.text["prompt"]) == graph()


async def test_the_same_graph_again_gives_the_old_files(client, graph):
    first, second = await client.run(graph()), await client.run(graph())
    assert first["outputs"] == second["outputs"]
    cached = dict(second["status"]["messages"])["execution_cached"]["nodes"]
    assert sorted(cached) == sorted(graph())


async def test_another_prefix_saves_again_without_sampling(client, graph):
    await client.run(graph())
    entry = await client.run(graph(save__filename_prefix="other/picture"))
    cached = dict(entry["status"]["messages"])["execution_cached"]["nodes"]
    assert sorted(cached) == sorted(set(graph()) - {"save"})
    assert entry["outputs"]["save"]["images"][0]["subfolder"] == "other"


async def test_the_smaller_number_runs_first_and_front_before_all(slow, graph):
    await slow.submit(graph())
    await running(slow)
    late = await slow.submit(graph(), number=9)
    early = await slow.submit(graph(), number=5)
    front = await slow.submit(graph(), front=True)
    pending = (await slow.get("/queue"))["queue_pending"]
    assert [item[1] for item in sorted(pending, key=lambda item: item[:2])] == [front, early, late]
    assert await slow.get("/prompt") == {"exec_info": {"queue_remaining": 4}}


async def test_deleting_takes_back_pending_prompts_only(slow, graph):
    started = await slow.submit(graph())
    await running(slow)
    waiting = await slow.submit(graph())
    status, _ = await slow.post("/queue", {"delete": [started, waiting, "unknown"]})
    queue = await slow.get("/queue")
    assert status == 200
    assert [item[1] for item in queue["queue_running"]] == [started]
    assert queue["queue_pending"] == []


async def test_clearing_empties_what_is_pending(slow, graph):
    await slow.submit(graph())
    await running(slow)
    await slow.submit(graph())
    await slow.post("/queue", {"clear": True})
    assert (await slow.get("/queue"))["queue_pending"] == []


async def test_an_interrupt_stops_the_running_prompt_of_that_id_only(slow, graph):
    prompt_id = await slow.submit(graph())
    await running(slow)
    await slow.post("/interrupt", {"prompt_id": "another"})
    assert (await slow.get("/queue"))["queue_running"]
    await slow.post("/interrupt", {"prompt_id": prompt_id})
    entry = await slow.finished(prompt_id)
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert entry["outputs"] == {}


async def test_an_empty_interrupt_stops_whatever_runs(slow, graph):
    prompt_id = await slow.submit(graph())
    await running(slow)
    async with slow.http.post("/interrupt") as reply:
        assert reply.status == 200
    await slow.finished(prompt_id)


async def test_a_failing_node_is_told_in_the_history(start, graph):
    client = await start(render=False, faults=["cursed"])
    entry = await client.run(graph(positive__text="a cursed beach"))
    event, data = entry["status"]["messages"][-1]
    assert (event, data["node_id"], data["node_type"]) == ("execution_error", "sampler", "KSampler")
    assert "cursed" in data["exception_message"]
    assert (await client.run(graph()))["status"]["status_str"] == "success"


async def test_an_unknown_id_has_an_empty_history(client):
    assert await client.get("/history/unknown") == {}


async def test_history_can_be_cut_and_forgotten(client, graph):
    ids = []
    for seed in range(3):
        ids.append(await client.submit(graph(sampler__seed=seed)))
        await client.finished(ids[-1])
    assert list(await client.get("/history")) == ids
    assert list(await client.get("/history?max_items=2")) == ids[1:]
    assert list(await client.get("/history?max_items=1&offset=0")) == ids[:1]
    await client.post("/history", {"delete": [ids[0]]})
    assert list(await client.get("/history")) == ids[1:]


async def test_freeing_memory_makes_everything_run_again(client, graph):
    await client.run(graph())
    await client.post("/free", {"free_memory": True})
    entry = await client.run(graph())
    assert dict(entry["status"]["messages"])["execution_cached"]["nodes"] == []
    assert entry["outputs"]["save"]["images"][0]["filename"] == "picture_00002_.png"


async def test_saving_outside_the_output_folder_fails(client, graph):
    entry = await client.run(graph(save__filename_prefix="../../outside/x"))
    assert entry["status"]["messages"][-1][1]["node_type"] == "SaveImage"
