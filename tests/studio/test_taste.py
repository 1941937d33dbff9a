from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from companion_app.studio.sessions import utc_now
from companion_app.studio.taste import Taste
from tests.preferences.samples import submitted
from vibes.preferences import TYPES, Statistics, load_policy
from vibes.storage import StoreThread


@pytest.fixture
def taste(tmp_path):
    store = StoreThread(tmp_path)
    yield Taste(store, policy="selection_rate", new_rng=np.random.default_rng, clock=utc_now)
    store.close()


def grid(number: int):
    """The number-th of a history in which every third grid is submitted a second time."""
    shown = [("epic", number % 2 == 0), ("toon", True), ("toon", False)]
    return submitted(f"b{number - number % 3 // 2}", shown, event_id=f"e{number}")


def rows(statistics):
    return [statistics.rows(kind) for kind in TYPES]


async def test_no_event_is_lost_or_counted_twice_while_others_come_in(taste):
    history = [grid(number) for number in range(60)]
    steps = [*([event] for event in history), history[:20], history[30:]]
    random.Random(7).shuffle(steps)
    await asyncio.gather(taste.load(), *map(taste.take_in, steps), taste.load())
    stored = list(await taste.events())
    assert sorted(event.id for event in stored) == sorted(event.id for event in history)
    assert rows(taste.statistics()) == rows(Statistics.fold(stored))


async def test_keeping_up_comes_to_the_same_as_folding_anew(taste):
    for number in range(12):
        await taste.take_in([grid(number)])
    kept_up = rows(taste.statistics("default")), taste.policy("default").dump()
    await taste.load()
    assert (rows(taste.statistics("default")), taste.policy("default").dump()) == kept_up


async def test_a_look_through_sees_no_half_taken_event(taste):
    await taste.load()
    snapshots = [taste.look_through(taste.policy("default").dump) for _ in range(20)]
    grids = [taste.take_in([grid(number * 3)]) for number in range(20)]
    looks = [step for pair in zip(grids, snapshots, strict=True) for step in pair]
    for dump in (await asyncio.gather(*looks))[1::2]:
        assert load_policy(dump, np.random.default_rng()).dump() == dump
