"""From an accepted graph to its picture: events, history, files, the cache."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image

from tests.contract.graphs import DECODE, EMPTY, NEGATIVE, POSITIVE, SAMPLER, SAVE, draft
from tests.contract.recordings import Recordings
from tests.contract.wire import Server, preview

CHATTER = {"status", "progress_state", "feature_flags"}  # how often they come may vary


def files(entry: dict[str, Any]) -> list[dict[str, str]]:
    images: list[dict[str, str]] = entry["outputs"][SAVE]["images"]
    return images


async def test_a_graph_is_accepted_under_the_id_the_client_chose(server: Server) -> None:
    prompt_id = uuid4().hex

    reply = await server.post("/prompt", {"prompt": draft(), "prompt_id": prompt_id})

    assert reply.status == 200
    assert reply.body["prompt_id"] == prompt_id
    assert isinstance(reply.body["number"], int)
    assert reply.body["node_errors"] == {}
    assert set(reply.body) == {"prompt_id", "number", "node_errors"}
    await server.entry(prompt_id)


async def test_a_graph_without_an_id_gets_one(server: Server) -> None:
    reply = await server.post("/prompt", {"prompt": draft()})

    assert len(reply.body["prompt_id"]) == 36
    await server.entry(reply.body["prompt_id"])


async def test_events_tell_a_run_from_start_to_end(server: Server, recordings: Recordings) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        graph = draft(seed=uuid4().int % 2**32)
        prompt_id = await server.submit(graph, client_id=client_id)
        events = await socket.until_end(prompt_id)

    spoken = [event for event in events if event.type not in CHATTER | {"preview"}]
    entered = [event.data["node"] for event in spoken if event.type == "executing"]
    progress = [event.data for event in spoken if event.type == "progress"]
    assert entered[-4:] == [SAMPLER, DECODE, SAVE, None]
    assert [step["value"] for step in progress][-1] == 2
    assert {(step["max"], step["node"], step["prompt_id"]) for step in progress} == {
        (2, SAMPLER, prompt_id)
    }
    last_of_type = {event.type: event.data for event in spoken}
    del last_of_type["execution_cached"]["nodes"]  # how much is cached depends on earlier tests
    types = list(dict.fromkeys(event.type for event in spoken))
    recordings.check("runs", "events", {"order": types, "last": last_of_type})


async def test_events_of_a_run_go_to_nobody_else(server: Server) -> None:
    mine, other = uuid4().hex, uuid4().hex
    async with server.socket(mine) as socket, server.socket(other) as stranger:
        await stranger.until("feature_flags")
        prompt_id = await server.submit(draft(), client_id=mine)
        await socket.until_end(prompt_id)
        overheard = await stranger.arrived()

    assert {event.type for event in overheard} == {"status"}


async def test_progress_state_names_every_node_seen_so_far(
    server: Server, recordings: Recordings
) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        prompt_id = await server.submit(draft(seed=uuid4().int % 2**32), client_id=client_id)
        events = await socket.until_end(prompt_id)

    states = [event.data for event in events if event.type == "progress_state"]
    assert all(state["prompt_id"] == prompt_id for state in states)
    recordings.check("runs", "progress-state", states[-1]["nodes"][SAVE])


async def test_the_history_entry_of_a_success(server: Server, recordings: Recordings) -> None:
    client_id = uuid4().hex

    entry = await server.run(draft(seed=7, filename_prefix=uuid4().hex), client_id=client_id)

    assert isinstance(entry["prompt"][0], int)
    entry["prompt"][0] = 0
    del entry["status"]["messages"][1][1]["nodes"]
    recordings.check("runs", "history", entry)


async def test_a_node_that_fails_ends_the_run_as_an_error(
    server: Server, recordings: Recordings
) -> None:
    uploaded = aiohttp.FormData()
    uploaded.add_field("image", b"no picture", filename="broken.png", content_type="image/png")
    await server.post("/upload/image", data=uploaded)
    graph = draft()
    graph["9"] = {"class_type": "LoadImage", "inputs": {"image": "broken.png"}}
    graph[SAVE]["inputs"]["images"] = ["9", 0]
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        prompt_id = await server.submit(graph, client_id=client_id)
        events = await socket.until_end(prompt_id)
    entry = await server.entry(prompt_id)

    error = next(event.data for event in events if event.type == "execution_error")
    kind, data = entry["status"]["messages"][-1]
    assert kind == "execution_error"
    assert data == error
    assert "broken.png" in error["exception_message"]
    for private_or_unordered in ("exception_message", "current_inputs", "current_outputs"):
        del error[private_or_unordered]
    recordings.check("runs", "execution-error", error)
    recordings.check("runs", "history-error", [entry["status"]["status_str"], entry["outputs"]])


async def test_the_picture_has_the_size_the_graph_asked_for(server: Server) -> None:
    entry = await server.run(draft(width=96, height=64, filename_prefix="sizes/wide"))

    assert files(entry)[0]["subfolder"] == "sizes"
    assert (await server.picture(entry, SAVE)).size == (96, 64)


async def test_the_picture_carries_the_graph_that_made_it(server: Server) -> None:
    picture = await server.picture(await server.run(draft(seed=11)), SAVE)

    assert '"seed": 11' in picture.info["prompt"]


async def test_the_same_seed_gives_the_same_pixels(server: Server) -> None:
    pictures = []
    for prefix, seed in (("one", 21), ("two", 21), ("three", 22)):
        entry = await server.run(draft(seed=seed, filename_prefix=prefix))
        pictures.append((await server.picture(entry, SAVE)).tobytes())

    assert pictures[0] == pictures[1] != pictures[2]


@pytest.mark.parametrize(
    "change",
    [{"ckpt_name": "tiny-b.safetensors"}, {"strength_model": 0.0}],
    ids=["checkpoint", "lora strength"],
)
async def test_checkpoint_and_lora_change_the_pixels(
    server: Server, change: dict[str, Any]
) -> None:
    pictures = []
    for graph in (draft(seed=31), draft(seed=31, **change)):
        entry = await server.run(graph)
        pictures.append((await server.picture(entry, SAVE)).tobytes())

    assert pictures[0] != pictures[1]


async def test_a_graph_run_again_comes_from_the_cache_under_its_old_file_name(
    server: Server, recordings: Recordings
) -> None:
    client_id = uuid4().hex
    graph = draft(seed=41, filename_prefix=uuid4().hex)
    first = await server.run(graph, client_id=client_id)
    async with server.socket(client_id) as socket:
        again = await server.submit(graph, client_id=client_id)
        events = await socket.until_end(again)

    spoken = [event for event in events if event.type not in CHATTER]
    cached = next(event for event in spoken if event.type == "execution_cached")
    assert sorted(cached.data.pop("nodes")) == sorted(graph)
    assert files(await server.entry(again)) == files(first)
    recordings.check("runs", "events-cached", spoken)


async def test_another_prefix_saves_a_new_file_from_cached_pixels(server: Server) -> None:
    client_id = uuid4().hex
    await server.run(draft(seed=51, filename_prefix="first"))
    async with server.socket(client_id) as socket:
        again = await server.submit(draft(seed=51, filename_prefix="second"), client_id=client_id)
        events = await socket.until_end(again)

    cached = next(event for event in events if event.type == "execution_cached")
    assert {POSITIVE, NEGATIVE, EMPTY, SAMPLER, DECODE} <= set(cached.data["nodes"])
    assert files(await server.entry(again))[0]["filename"].startswith("second")


async def test_an_id_sent_twice_runs_twice_and_keeps_one_history_entry(server: Server) -> None:
    prompt_id = uuid4().hex
    await server.run(draft(seed=61, filename_prefix="earlier"), prompt_id=prompt_id)
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        graph = draft(seed=61, filename_prefix="later")
        await server.submit(graph, prompt_id=prompt_id, client_id=client_id)
        await socket.until_end(prompt_id)

    [file] = files(await server.entry(prompt_id))
    assert file["filename"].startswith("later")


async def test_previews_say_which_prompt_they_belong_to(
    server: Server, recordings: Recordings
) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        await server.submit(draft(seed=uuid4().int % 2**32, steps=4), client_id=client_id)
        about, picture = preview(await socket.until("preview"))

    assert Image.open(io.BytesIO(picture)).format == "JPEG"
    recordings.check("runs", "preview", about)


async def test_a_client_without_the_flag_gets_previews_of_the_old_form(server: Server) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id, metadata=False) as socket:
        graph = draft(seed=uuid4().int % 2**32, steps=4)
        prompt_id = await server.submit(graph, client_id=client_id)
        events = await socket.until_end(prompt_id)

    previews = [event for event in events if "preview" in event.type]
    assert {event.type for event in previews} == {"bare preview"}
    _, picture = preview(previews[0])
    assert Image.open(io.BytesIO(picture)).format == "JPEG"
