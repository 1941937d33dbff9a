from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import numpy as np
import pytest

from companion_app.studio.projection import Projection
from companion_app.studio.sessions import utc_now
from companion_app.studio.taste import Taste
from tests.preferences.samples import NOON, submitted
from vibes.errors import Conflict, NotFound
from vibes.preferences import (
    TYPES,
    Candidate,
    Forget,
    ImageActed,
    ImageRated,
    Statistics,
    SuggestionChanged,
    load_policy,
)
from vibes.prompts import topics
from vibes.storage import StoreThread


@pytest.fixture
def store(tmp_path):
    store = StoreThread(tmp_path)
    yield store
    store.close()


def learner(store, policy="taste"):
    return Taste(
        store, policy=policy, clusters=topics(), new_rng=np.random.default_rng, clock=utc_now
    )


@pytest.fixture(params=["taste", "selection_rate"])
def taste(store, request):
    return learner(store, request.param)


PROFILES = ("default", "anime", "guest")


def grid(number: int):
    """The number-th of a history in which every third grid is submitted a second time."""
    shown = [("epic", number % 2 == 0), ("toon", True), ("toon", False)]
    batch = number - number % 3 // 2
    event = submitted(f"b{batch}", shown, event_id=f"e{number}")
    return replace(event, profile=PROFILES[batch % 2])


def about(number: int):
    """The number-th of events of the other kinds; images are rated again and again."""
    told = (f"o{number}", NOON, PROFILES[number % 3], "s", f"b{number % 4}")
    made = {"candidate": Candidate("epic" if number % 2 else "toon"), "keywords": ("beach",)}
    if number % 3 == 0:
        change = Candidate("toon"), Candidate("epic")
        return SuggestionChanged(*told, 0, "a beach", ("beach",), *change, "taste", 1)
    image = f"b{number % 4}/0"
    if number % 3 == 1:
        return ImageActed(*told, image, "saved", **made)
    return ImageRated(*told, image, 1 + number % 5, **made)


HISTORY = [event for number in range(30) for event in (grid(number), about(number))]


def rows(statistics):
    return [statistics.rows(kind) for kind in TYPES]


def learned(taste):
    dumps = [taste.policy(profile).dump() for profile in PROFILES]
    return dumps, [rows(taste.statistics(profile)) for profile in (None, *PROFILES)]


async def test_no_event_is_lost_or_counted_twice_while_others_come_in(taste):
    history = [grid(number) for number in range(60)]
    steps = [*([event] for event in history), history[:20], history[30:]]
    random.Random(7).shuffle(steps)
    await asyncio.gather(taste.load(), *map(taste.take_in, steps), taste.load())
    stored = list(await taste.events())
    assert sorted(event.id for event in stored) == sorted(event.id for event in history)
    assert rows(taste.statistics()) == rows(Statistics.fold(stored))


async def test_keeping_up_comes_to_the_same_as_folding_anew(taste):
    for number, event in enumerate(HISTORY):
        await taste.take_in([event])
        if number % 7 == 0:
            taste.policy("guest").explain(("beach",), Candidate("epic"))  # asking changes nothing
    kept_up = learned(taste)
    await taste.load()
    assert learned(taste) == kept_up


@pytest.mark.parametrize("policy", ["taste", "selection_rate", "random"])
async def test_the_stored_history_comes_to_what_the_events_themselves_do(store, policy):
    taste = learner(store, policy)
    await taste.take_in(HISTORY)
    projection = Projection(policy, np.random.default_rng, clusters=topics())
    projection.fold(HISTORY)
    there = [projection.policy(profile).dump() for profile in PROFILES]
    assert there == [taste.policy(profile).dump() for profile in PROFILES]


async def test_the_last_rating_of_an_image_is_the_one_that_taught(store):
    about = ("default", "s", "b1", "b1/0")
    made = {"candidate": Candidate("epic"), "keywords": ("beach",)}
    changed_mind = learner(store)
    twin = Projection("taste", np.random.default_rng, clusters=topics())
    for number, overall in enumerate((5, 3, 1, 2)):
        rating = ImageRated(f"r{number}", NOON, *about, overall, **made)
        await changed_mind.take_in([rating])
    twin.add(rating)
    assert changed_mind.policy("default").dump() == twin.policy("default").dump()
    assert changed_mind.statistics().totals()["action_counts"]["rated"] == 1


async def test_an_image_saved_twice_teaches_once(store):
    saved = ImageActed("one", NOON, "default", "s", "b", "i", "saved", candidate=Candidate("epic"))
    taste = learner(store)
    await taste.take_in([saved])
    once = taste.policy("default").dump()
    await taste.take_in([replace(saved, id="two")])
    assert taste.policy("default").dump() == once


async def test_what_one_profile_learns_another_starts_from(store):
    taste = learner(store)
    before = taste.policy("guest").explain(("beach",), Candidate("epic")).value
    shown = [("epic", True)] * 3 + [("toon", False)] * 3
    await taste.take_in([submitted(f"b{n}", shown, event_id=f"e{n}") for n in range(9)])
    assert taste.policy("guest").explain(("beach",), Candidate("epic")).value > before


async def test_a_rebuild_finds_everything_as_it_was(taste):
    for event in HISTORY:
        await taste.take_in([event])
    rebuilt = await taste.rebuild()
    assert rebuilt.before == rebuilt.after
    assert rebuilt.events == (await taste.standing()).count < len(HISTORY)


async def test_a_look_through_sees_no_half_taken_event(taste):
    await taste.load()
    snapshots = [taste.look_through(taste.policy("default").dump) for _ in range(20)]
    grids = [taste.take_in([grid(number * 3)]) for number in range(20)]
    looks = [step for pair in zip(grids, snapshots, strict=True) for step in pair]
    for dump in (await asyncio.gather(*looks))[1::2]:
        assert load_policy(dump, np.random.default_rng()).dump() == dump


@pytest.mark.parametrize(
    "forget",
    [
        Forget(checkpoint="epic"),
        Forget(keyword="beach"),
        Forget(since="2026-01-31"),
        Forget(batch="b3"),
        Forget(everything=True),
    ],
    ids=lambda forget: forget.kind,
)
async def test_what_is_forgotten_is_as_if_it_had_never_been_and_undone_as_if_it_had(taste, forget):
    await taste.take_in(HISTORY)
    before = learned(taste)
    forgotten = await taste.forget(forget)
    assert learned(taste) != before
    kept_up = learned(taste)
    await taste.load()
    assert learned(taste) == kept_up
    assert await taste.undo(forgotten.token) == forgotten.count
    assert learned(taste) == before


async def test_one_profile_forgets_without_the_others(store):
    taste = learner(store, "selection_rate")
    await taste.take_in(HISTORY)
    before = rows(taste.statistics("anime"))
    await taste.forget(Forget(everything=True), "default")
    assert {event.profile for event in await taste.events()} == {"anime", "guest"}
    assert rows(taste.statistics("anime")) == before
    assert taste.statistics("default").totals()["total_preferences"] == 0


async def test_forgetting_is_undone_in_turn_and_once(taste):
    await taste.take_in(HISTORY)
    first = await taste.forget(Forget(checkpoint="epic"))
    second = await taste.forget(Forget(everything=True))
    with pytest.raises(Conflict, match="undo that first"):
        await taste.undo(first.token)
    await taste.undo(second.token)
    await taste.undo(first.token)
    assert [event.id for event in await taste.events()] == [event.id for event in HISTORY]
    with pytest.raises(NotFound, match="nothing to undo"):
        await taste.undo(first.token)


async def test_what_came_in_again_since_is_undone_to_where_it_was(taste):
    await taste.take_in(HISTORY)
    before = learned(taste)
    forgotten = await taste.forget(Forget(everything=True))
    await taste.take_in(HISTORY[10:40])
    await taste.undo(forgotten.token)
    assert learned(taste) == before
    assert [event.id for event in await taste.events()] == [event.id for event in HISTORY]


async def test_nothing_to_forget_leaves_no_trace(taste, store):
    await taste.take_in(HISTORY)
    forgotten = await taste.forget(Forget(lora="never seen"))
    assert (forgotten.count, forgotten.token) == (0, None)
    assert await store.run(lambda store: store.forgettings.all()) == []


async def test_what_was_forgotten_cannot_be_found_on_the_disk(taste, store, tmp_path):
    secret = submitted("b1", [("epic", True), ("zebrafish", True)], keywords=("quokka", "beach"))
    await taste.take_in([secret, *HISTORY[4:]])
    assert on_disk(tmp_path, "quokka")
    assert on_disk(tmp_path, "zebrafish")
    await taste.forget(Forget(keyword="Quokka"))
    await taste.forget(Forget(checkpoint="zebrafish"))
    assert not on_disk(tmp_path, "quokka")
    noted = await store.run(lambda store: store.forgettings.all())
    assert [(one.kind, one.what, one.events) for one in noted] == [
        ("keyword", None, 1),
        ("checkpoint", "zebrafish", 1),
    ]
    await store.run(lambda store: store._db.execute("DELETE FROM forgettings"))
    await store.run(lambda store: store.forgettings.sweep())
    assert not on_disk(tmp_path, "zebrafish")
    assert on_disk(tmp_path, "toon")


def on_disk(directory, text):
    return any(text.encode() in path.read_bytes() for path in directory.iterdir())
