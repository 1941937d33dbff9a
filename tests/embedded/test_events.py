"""What a socket hears, and which socket hears it."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

METADATA = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


def names(events):
    return [name for name, _ in events]


async def test_a_fresh_run_is_told_from_start_to_end(client, graph, listen):
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        await client.submit(graph(), client_id="me")
        events = await listen(socket, until="done")
    told = [name for name in names(events) if name not in {"status", "progress_state"}]
    before = ["execution_start", "execution_cached", *["executing"] * 6]
    after = [*["executing"] * 2, "executed", "execution_success", "executing"]
    assert told == [*before, *["progress"] * 4, *after]
    assert names(events)[-2:] == ["status", "executing"]


async def test_a_cached_run_tells_its_old_files_and_executes_nothing(client, graph, listen):
    await client.run(graph())
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        await client.submit(graph(), client_id="me")
        events = await listen(socket, until="done")
    assert names(events).count("executing") == 1
    assert names(events).count("executed") == 1


async def test_the_history_is_there_when_the_last_event_arrives(client, graph, listen):
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        prompt_id = await client.submit(graph(), client_id="me")
        await listen(socket, until="done")
        assert prompt_id in await client.get(f"/history/{prompt_id}")


@pytest.mark.parametrize(("negotiated", "kind"), [(True, 4), (False, 1)])
async def test_previews_carry_ids_for_those_who_understand_them(
    start, graph, listen, negotiated, kind
):
    client = await start()
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        if negotiated:
            await socket.send_json(METADATA)
            await listen(socket, until="feature_flags")
        prompt_id = await client.submit(graph(), client_id="me")
        events = await listen(socket, until="done")
    previews = [data for name, data in events if name == "preview"]
    assert [preview[0] for preview in previews] == [kind] * 4
    with Image.open(io.BytesIO(previews[-1][2])) as picture:
        assert picture.format == "JPEG"
    if negotiated:
        assert previews[0][1]["prompt_id"] == prompt_id


async def test_events_reach_the_submitting_client_only(client, graph, listen):
    async with (
        client.http.ws_connect("/ws?clientId=mine") as mine,
        client.http.ws_connect("/ws?clientId=other") as other,
    ):
        await client.submit(graph(), client_id="mine")
        await listen(mine, until="done")
        await client.submit(graph(sampler__seed=2), client_id="other")
        overheard = await listen(other, until="execution_start")
    assert set(names(overheard)) == {"status", "execution_start"}


async def test_progress_of_an_anonymous_prompt_is_broadcast(client, graph, listen):
    async with client.http.ws_connect("/ws?clientId=anyone") as socket:
        await client.submit(graph())
        events = await listen(socket, until="progress")
    assert set(names(events)) == {"status", "progress_state", "progress"}


async def test_a_socket_without_an_id_is_given_one(client, listen):
    async with client.http.ws_connect("/ws") as socket:
        ((_, greeting),) = await listen(socket, until="status")
    assert greeting["sid"]


async def test_a_second_socket_of_one_id_goes_deaf_when_the_first_closes(client, graph, listen):
    first = await client.http.ws_connect("/ws?clientId=me")
    await listen(first, until="status")
    async with client.http.ws_connect("/ws?clientId=me") as second:
        await listen(second, until="status")
        await first.close()
        await client.run(graph(), client_id="me")
        async with client.http.ws_connect("/ws?clientId=third") as third:
            await listen(third, until="status")
        with pytest.raises(asyncio.TimeoutError):
            await second.receive(timeout=0.05)


async def test_whoever_reconnects_in_the_middle_hears_where_the_run_is(start, graph, listen):
    client = await start(seconds_per_image=60)
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        await client.submit(graph(), client_id="me")
        while (await listen(socket, until="executing"))[-1][1]["node"] != "sampler":
            pass
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        events = await listen(socket, until="executing")
    assert events[-1] == ("executing", {"node": "sampler"})


async def test_a_failure_is_told_with_its_node(start, graph, listen):
    client = await start(render=False, faults=["cursed"])
    async with client.http.ws_connect("/ws?clientId=me") as socket:
        await client.submit(graph(positive__text="cursed"), client_id="me")
        events = await listen(socket, until="done")
    assert "execution_error" in names(events)
    assert "execution_success" not in names(events)
