"""The queue: waiting, deleting, interrupting, and the history afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from tests.contract.graphs import SAMPLER, draft
from tests.contract.recordings import Recordings
from tests.contract.wire import Server

LONG = 10_000  # steps: many seconds, unless interrupted


@asynccontextmanager
async def busy(server: Server, **body: str) -> AsyncIterator[str]:
    """Keep the server busy with one prompt; yield its id; interrupt it afterwards."""
    prompt_id = await server.submit(draft(steps=LONG, seed=uuid4().int % 2**32), **body)
    await server.until_running(prompt_id)
    try:
        yield prompt_id
    finally:
        await server.post("/interrupt", {"prompt_id": prompt_id})
        await server.entry(prompt_id)


async def test_a_waiting_prompt_is_listed_with_all_it_was_sent_with(
    server: Server, recordings: Recordings
) -> None:
    client_id = uuid4().hex
    async with busy(server):
        waiting = await server.submit(draft(), client_id=client_id)
        [item] = (await server.get("/queue")).body["queue_pending"]
        count = (await server.get("/prompt")).body
        await server.post("/queue", {"delete": [waiting]})

    assert isinstance(item[0], int)
    assert item[1] == waiting
    recordings.check("queue", "item", [0, *item[1:]])
    recordings.check("queue", "count", count)


async def test_deleting_removes_the_named_waiting_prompt_only(server: Server) -> None:
    async with busy(server) as running:
        first, second = [await server.submit(draft()) for _ in range(2)]
        reply = await server.post("/queue", {"delete": [first, uuid4().hex]})
        queue = await server.queue()

    assert reply == (200, b"")
    assert queue == ([running], [second])
    await server.entry(second)
    assert (await server.get(f"/history/{first}")).body == {}


async def test_deleting_does_not_touch_the_running_prompt(server: Server) -> None:
    async with busy(server) as running:
        await server.post("/queue", {"delete": [running]})

        assert await server.queue() == ([running], [])


async def test_clearing_removes_all_waiting_prompts(server: Server) -> None:
    async with busy(server) as running:
        for _ in range(2):
            await server.submit(draft())
        await server.post("/queue", {"clear": True})

        assert await server.queue() == ([running], [])


async def test_prompts_run_in_the_order_they_came_unless_sent_to_the_front(
    server: Server,
) -> None:
    async with busy(server):
        first = await server.submit(draft())
        second = await server.submit(draft())
        urgent = await server.submit(draft(), front=True)
        _, pending = await server.queue()
        await server.post("/queue", {"delete": pending})

    assert pending == [urgent, first, second]


async def test_interrupting_another_prompt_leaves_the_running_one_alone(server: Server) -> None:
    async with busy(server) as running:
        waiting = await server.submit(draft())
        for other in (waiting, uuid4().hex):
            assert await server.post("/interrupt", {"prompt_id": other}) == (200, b"")

        assert await server.queue() == ([running], [waiting])


async def test_an_interrupted_prompt_ends_as_an_error_that_says_so(
    server: Server, recordings: Recordings
) -> None:
    client_id = uuid4().hex
    async with server.socket(client_id) as socket:
        async with busy(server, client_id=client_id) as running:
            await socket.until("progress")
        event = await socket.until("execution_interrupted")
        entry = await server.entry(running)

    executed = event.data.pop("executed")
    assert SAMPLER not in executed
    recordings.check("queue", "execution-interrupted", event.data)
    kind, data = entry["status"]["messages"][-1]
    assert kind == "execution_interrupted"
    assert sorted(data["executed"]) == sorted(executed)
    recordings.check(
        "queue",
        "history-interrupted",
        {
            "outputs": entry["outputs"],
            "status_str": entry["status"]["status_str"],
            "completed": entry["status"]["completed"],
            "messages": [kind for kind, _ in entry["status"]["messages"]],
        },
    )


async def test_an_unknown_prompt_has_an_empty_history(server: Server) -> None:
    assert await server.get(f"/history/{uuid4().hex}") == (200, {})


async def test_the_history_lists_the_newest_last(server: Server) -> None:
    ids = []
    for seed in range(3):
        ids.append(await server.submit(draft(seed=seed)))
        await server.entry(ids[-1])

    newest = (await server.get("/history", params={"max_items": "2"})).body

    assert list(newest) == ids[-2:]


async def test_a_deleted_history_entry_is_gone(server: Server) -> None:
    prompt_id = await server.submit(draft())
    await server.entry(prompt_id)

    reply = await server.post("/history", {"delete": [prompt_id]})

    assert reply == (200, b"")
    assert (await server.get(f"/history/{prompt_id}")).body == {}
