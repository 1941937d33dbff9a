"""Policies that are copied, handed out as snapshots, and added to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.preferences.samples import any_event, candidates, events, keywords, outcomes
from tests.preferences.test_policies import POOL, taught
from vibes.errors import InvalidInput
from vibes.preferences import POLICIES, ImageRated, lesson, new_policy, without_superseded
from vibes.preferences import on_top as on_top_module
from vibes.preferences.on_top import OnTop
from vibes.preferences.ratings import Ratings
from vibes.preferences.snapshot import read_snapshot, snapshot_document
from vibes.preferences.tally import Count


def rng(seed=0):
    return np.random.default_rng(seed)


def untaught():
    return new_policy("taste", rng(), {"beach": "water"})


def folded(history, policy=None):
    """A policy that heard of all events, too, each once."""
    policy = policy or untaught()
    for event in without_superseded(history):
        if (taught_by := lesson(event)) is not None:
            policy.update(taught_by)
    return policy


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=30)
@given(grids=st.lists(outcomes(), max_size=4), later=outcomes(), asked=keywords)
def test_a_copy_knows_the_same_and_goes_its_own_way(name, grids, later, asked):
    policy = taught(name, grids)
    before = policy.dump()
    copy = policy.copy(rng(5))
    assert copy.dump() == before
    assert copy.propose(asked, POOL, 7) == policy.copy(rng(5)).propose(asked, POOL, 7)
    copy.update(later)
    assert policy.dump() == before
    assert copy.dump() == taught(name, [*grids, later]).dump()


@settings(max_examples=30)
@given(earlier=events, later=events)
def test_events_on_top_of_a_snapshot_teach_what_they_teach_in_one_history(earlier, later):
    settled = {(type(e), e.batch, getattr(e, "image", None)) for e in earlier}
    later = [e for e in later if (type(e), e.batch, getattr(e, "image", None)) not in settled]
    body = snapshot_document("default", folded(earlier), [])
    below = read_snapshot(body, rng()).policy
    on_top = OnTop(untaught()).following(later, base=below)
    assert on_top.dump() == folded(later, folded(earlier)).dump()


@settings(max_examples=30)
@given(history=st.lists(any_event, max_size=8, unique_by=lambda event: event.id), data=st.data())
def test_events_may_come_one_by_one(history, data):
    on_top = OnTop(untaught())
    known = 0
    while known < len(history):
        known = data.draw(st.integers(known + 1, len(history)))
        on_top = on_top.following(history[:known])
        assert on_top.dump() == folded(history[:known]).dump()


@given(candidate=candidates, images=st.lists(st.integers(0, 5), max_size=20))
def test_a_rating_given_again_undoes_no_more_than_it_must(candidate, images):
    history = [
        replace(rating(candidate, 1 + place % 5), id=str(place), image=str(image))
        for place, image in enumerate(images)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_top_module, "STRIDE", 3)
        on_top = OnTop(untaught())
        for known in range(len(history) + 1):
            on_top = on_top.following(history[:known])
            assert on_top.dump() == folded(history[:known]).dump()
            assert len(on_top._sums) <= 2 + known // 3


@settings(max_examples=30)
@given(history=events, asked=keywords)
def test_what_is_proposed_changes_nothing_that_is_proposed_later(history, asked):
    on_top = OnTop(untaught()).following(history)
    first = on_top.policy(rng(3)).propose(asked, POOL, 7)
    on_top.policy(rng(4)).propose(asked, POOL, 7)
    assert on_top.policy(rng(3)).propose(asked, POOL, 7) == first


def test_a_snapshot_tells_the_checkpoints_too():
    best = [("epic", Count(3, 4, 2)), ("toon", Count(0, 4, 2))]
    read = read_snapshot(snapshot_document("ö", untaught(), best), rng())
    assert list(read.checkpoints) == best
    assert read.policy.dump() == untaught().dump()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"version":2}', b'{"version":1,"checkpoints":[{}],"policy":{}}']
)
def test_what_is_no_snapshot_is_refused(body):
    with pytest.raises(InvalidInput, match="snapshot"):
        read_snapshot(body, rng())


@given(candidate=candidates, words=st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_of_a_picture_the_last_rating_counts(candidate, words):
    rated = [rating(candidate, overall) for overall in words]
    ratings = Ratings().with_events(rated[:2]).with_events(rated[2:])
    assert len(ratings) == 1
    assert ratings.of("picture") == rated[-1]
    keyword, count = ratings.strongest("checkpoint", ["forest", "beach"], candidate.checkpoint)
    assert (keyword, count.selected, count.total) == ("beach", int(words[-1] > 3), 1)


def rating(candidate, overall):
    return ImageRated(
        id=str(overall),
        time="2026-01-31T12:00:00Z",
        profile="default",
        session="s",
        batch="b",
        image="picture",
        overall=overall,
        keywords=("beach",),
        candidate=candidate,
    )
