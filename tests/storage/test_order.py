"""Moving batches and images gives the order a list would give."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stages.samples import make_grid
from vibes.errors import Conflict, NotFound
from vibes.stages import Session
from vibes.storage import Store, open_database
from vibes.storage.ranks import CLOSEST, moved

NOW = "2026-01-01T00:00:00.000Z"
ITEMS = list("abcde")


def in_list(order: list[str], item: str, before: str | None) -> list[str]:
    if item == before:
        return order
    rest = [one for one in order if one != item]
    rest.insert(len(rest) if before is None else rest.index(before), item)
    return rest


@given(st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from([*ITEMS, None])), max_size=120))
def test_any_moves_give_the_order_of_a_list(moves):
    ranks = dict.fromkeys(ITEMS, 0.0)  # even where all began alike
    order = ITEMS
    for item, before in moves:
        now = {name: ranks[name] for name in order}
        ranks.update(moved(now, item, before))
        order = in_list(order, item, before)
        assert sorted(order, key=lambda name: ranks[name]) == order


def test_neighbours_that_come_too_close_are_numbered_anew():
    ranks = {"a": 1.0, "b": 2.0, "c": 3.0}
    order = ["a", "b", "c"]
    for turn in range(200):
        item = order[2]
        changes = moved({name: ranks[name] for name in order}, item, order[1])
        ranks.update(changes)
        order = in_list(order, item, order[1])
        gaps = [ranks[after] - ranks[one] for one, after in pairwise(order)]
        assert min(gaps) >= CLOSEST / 2, turn


@pytest.fixture
def store(tmp_path):
    store = Store(open_database(tmp_path))
    store.profiles.ensure("default", NOW)
    for session in ("session", "other"):
        store.sessions.add(Session(id=session, name="", flow="x", profile="default", created=NOW))
    for name in ("one", "two", "three"):
        store.grids.add(make_grid(3, id=name, states=dict.fromkeys(range(3), "planned")))
    yield store
    store.close()


def order(store):
    spots = sorted(store.queue.spots("session"), key=lambda s: (s.batch_rank, s.image_rank))
    return list(dict.fromkeys(spot.batch_id for spot in spots)), [spot.image_id for spot in spots]


def test_batches_and_images_are_served_as_they_were_made(store):
    batches, images = order(store)
    assert batches == ["one", "two", "three"]
    assert images[:3] == ["one-0", "one-1", "one-2"]


def test_a_moved_batch_goes_right_before_the_other_and_a_new_one_last(store):
    store.queue.move_batch("three", "two")
    store.queue.move_batch("one", None)
    store.grids.add(make_grid(1, id="new", states={0: "planned"}))
    assert order(store)[0] == ["three", "two", "one", "new"]


def test_a_moved_image_stays_within_its_batch(store):
    store.queue.move_image("one-2", "one-0")
    assert order(store)[1][:4] == ["one-2", "one-0", "one-1", "two-0"]
    with pytest.raises(Conflict, match="own batch"):
        store.queue.move_image("one-2", "two-0")
    with pytest.raises(NotFound, match="nothing"):
        store.queue.move_image("one-2", "nothing")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2) | st.none()), max_size=12))
def test_stored_images_follow_any_moves(moves):
    with tempfile.TemporaryDirectory() as directory:
        store = Store(open_database(Path(directory)))
        store.profiles.ensure("default", NOW)
        store.sessions.add(Session(id="session", name="", flow="x", profile="default", created=NOW))
        store.grids.add(make_grid(3, states=dict.fromkeys(range(3), "planned")))
        images = [f"grid-{number}" for number in range(3)]
        for item, before in moves:
            target = None if before is None else f"grid-{before}"
            store.queue.move_image(f"grid-{item}", target)
            images = in_list(images, f"grid-{item}", target)
            assert order(store)[1] == images
        store.close()
