"""The event stream's own rules."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.contract.graphs import draft
from tests.contract.wire import Server, Socket


async def test_a_socket_is_greeted_with_its_id_and_the_queue(server: Server) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        greeting = await socket.next()

    assert greeting.type == "status"
    assert greeting.data["sid"] == client_id
    assert set(greeting.data["status"]["exec_info"]) == {"queue_remaining"}


async def test_a_socket_without_an_id_is_given_one(server: Server) -> None:
    async with server.http.ws_connect("/ws") as connection:
        greeting = await Socket(connection).next()

    assert len(greeting.data["sid"]) == 32


async def test_feature_flags_are_answered_with_the_servers(server: Server) -> None:
    async with server.socket(uuid4().hex) as socket:
        answer = await socket.until("feature_flags")

    assert answer.data == (await server.get("/features")).body


async def test_a_run_goes_on_when_its_socket_is_gone(server: Server) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        prompt_id = await server.submit(draft(seed=uuid4().int % 2**32), client_id=client_id)
        await socket.until("execution_start")

    assert (await server.entry(prompt_id))["status"]["status_str"] == "success"


async def test_a_second_socket_of_one_id_takes_over(server: Server) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as older, server.socket(client_id) as newer:
        await older.until("feature_flags")
        await newer.until("feature_flags")
        prompt_id = await server.submit(draft(), client_id=client_id)

        events = await newer.until_end(prompt_id)

    assert "execution_start" in {event.type for event in events}


async def test_when_the_older_socket_of_one_id_closes_the_newer_falls_silent(
    server: Server,
) -> None:
    client_id, watcher_id = uuid4().hex, uuid4().hex
    async with server.socket(client_id) as older:
        await older.until("feature_flags")
        async with server.socket(client_id) as newer, server.socket(watcher_id) as watcher:
            await newer.until("feature_flags")
            await watcher.until("feature_flags")
            await older.connection.close()
            prompt_id = await server.submit(draft(), client_id=client_id)
            await server.entry(prompt_id)
            last = await server.submit(draft(), client_id=watcher_id)
            await watcher.until_end(last)

            heard = await newer.arrived()

    assert heard == []


async def test_progress_of_a_prompt_without_a_client_reaches_everybody(server: Server) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        await socket.until("feature_flags")
        graph = draft(seed=uuid4().int % 2**32)
        nobodys = await server.submit(graph)
        mine = await server.submit(graph, client_id=client_id)
        events = await socket.until_end(mine)

    texts = [event for event in events if "preview" not in event.type]
    overheard = {event.type for event in texts if event.data.get("prompt_id") == nobodys}
    assert overheard == {"progress", "progress_state"}
    assert "bare preview" in {event.type for event in events}


@pytest.mark.parametrize("path", ["/features", "/ws"])
async def test_a_page_of_another_origin_is_refused(server: Server, path: str) -> None:
    headers = {"Origin": "http://elsewhere.example"}

    assert (await server.get(path, headers=headers)).status == 403


async def test_a_page_of_the_servers_own_origin_is_served(server: Server) -> None:
    assert (await server.get("/features", headers={"Origin": server.url})).status == 200
