"""The event stream reaches every reader, and no reader can hold it up."""

from __future__ import annotations

import pytest

from companion_app.fleet import ProgressStream


def image(batch: str = "b", **more: object) -> dict:
    return {"type": "image", "batch_id": batch, **more}


def preview(batch: str = "b") -> dict:
    return {"type": "preview", "batch_id": batch}


async def read(events) -> list[dict]:
    return [event async for burst in events for event in burst]


async def test_events_arrive_in_order_with_growing_ids():
    stream = ProgressStream()
    events = stream.bursts()
    for number in range(3):
        stream.publish(image(n=number))
    stream.close()
    got = await read(events)
    assert [e["n"] for e in got] == [0, 1, 2]
    assert [e["id"] for e in got] == sorted(e["id"] for e in got)


async def test_a_reader_of_one_batch_gets_its_events_and_those_of_no_batch():
    stream = ProgressStream()
    events = stream.bursts("b")
    stream.publish(image("b"))
    stream.publish(image("other"))
    stream.publish({"type": "servers", "online": 1, "total": 2})
    stream.close()
    assert [e["type"] for e in await read(events)] == ["image", "servers"]


async def test_every_reader_learns_where_its_session_stands_now():
    stream = ProgressStream()
    events = stream.bursts("b")
    stream.publish({"type": "session", "session_id": "s", "batch_id": "next"})
    stream.close()
    assert [e["batch_id"] for e in await read(events)] == ["next"]


async def test_a_reader_that_comes_back_misses_no_lasting_event():
    stream = ProgressStream()
    stream.publish(image(n=0))
    stream.publish(preview())
    stream.publish(image(n=1))
    stream.publish(image(n=2))
    events = stream.bursts("b", after=1)
    stream.publish(image(n=3))
    stream.close()
    assert [e["n"] for e in await read(events)] == [1, 2, 3]


async def test_a_slow_reader_loses_previews_before_anything_else():
    stream = ProgressStream(backlog=3)
    events = stream.bursts()
    for _ in range(10):
        stream.publish(preview())
    for number in range(3):
        stream.publish(image(n=number))
    stream.publish(preview())
    stream.close()
    assert [e["n"] for e in await read(events)] == [0, 1, 2]


async def test_a_reader_hopelessly_behind_is_ended_and_can_resume_without_loss():
    stream = ProgressStream(backlog=2)
    slow = stream.bursts()
    for number in range(5):
        stream.publish(image(n=number))
    seen = await read(slow)
    assert [e["n"] for e in seen] == [0, 1]
    again = stream.bursts(after=seen[-1]["id"])
    stream.close()
    assert [e["n"] for e in await read(again)] == [2, 3, 4]


async def test_a_closed_stream_ends_present_and_future_readers():
    stream = ProgressStream()
    early = stream.bursts()
    stream.close()
    late = stream.bursts()
    stream.publish(image())
    assert await read(early) == []
    assert await read(late) == []


async def test_a_reader_that_leaves_is_forgotten():
    stream = ProgressStream()
    events = stream.bursts()
    stream.publish(image())
    assert [event["type"] for event in await anext(events)] == ["image"]
    await events.aclose()
    assert len(stream._readers) == 0


@pytest.mark.parametrize("last_seen", [3, 900])
async def test_a_reader_that_missed_events_is_told_to_read_anew(last_seen):
    stream = ProgressStream(replay=4, first_id=1)
    for number in range(10):
        stream.publish({"type": "image", "number": number})
    events = stream.bursts(after=last_seen)
    stream.publish({"type": "image", "number": 10})
    assert [event["type"] for event in await anext(events)] == ["reset", "image"]


async def test_a_reader_of_a_former_run_is_told_to_read_anew():
    events = ProgressStream(first_id=5000).bursts(after=17)
    assert await anext(events) == [{"type": "reset", "id": 4999}]
