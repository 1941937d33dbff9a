"""However events and snapshots cross on their way: what is known is what all ratings teach."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfy_nodes.choices import settings as told
from comfy_nodes.memory import Memory
from vibes.errors import StorageError
from vibes.preferences import (
    Candidate,
    Event,
    Policy,
    lesson,
    new_policy,
    without_superseded,
)
from vibes.preferences.event_json import event_from_json
from vibes.preferences.snapshot import snapshot_document
from vibes.settings import Settings
from vibes.storage.node_store import ShownPicture, StudioSnapshot

STUDIO = "http://studio:7860"
CANDIDATES = [Candidate("epic.safetensors"), Candidate("toon.safetensors")]
HERE: Settings = told().model_copy(update={"studio_url": STUDIO})

steps = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.integers(1, 5), st.sampled_from(CANDIDATES)),
        st.tuples(st.just("rate again"), st.integers(1, 5), st.integers(0, 9)),
        st.tuples(st.just("send"), st.integers(1, 3)),
        st.tuples(st.just("lose the answer"), st.integers(1, 3)),
        st.sampled_from([("ask",), ("answer",), ("arrive",)]),
    ),
    max_size=25,
)


def untaught() -> Policy:
    return new_policy("taste", np.random.default_rng(), {"beach": "water"})


def folded(events: list[Event]) -> Policy:
    policy = untaught()
    for event in without_superseded(events):
        if (taught := lesson(event)) is not None:
            policy.update(taught)
    return policy


class World:
    """Two ComfyUI processes with one store, and a studio as it should be."""

    def __init__(self, folder: Path):
        self.nodes = [Memory(folder, HERE, new_policy=untaught) for _ in range(2)]
        self.store = self.nodes[0].store
        self.images: list[str] = []
        self.studio: dict[str, Event] = {}
        self.asked: int | None = None  # the last delivery before the question
        self.answer: bytes | None = None
        self.settled: set[str] = set()  # pictures whose rating may be in a snapshot

    def rate(self, overall: int, candidate: Candidate) -> None:
        image = uuid4().hex
        self.store.show([ShownPicture(image, "a beach", candidate, "b", "2026-01-31T12:00:00Z")])
        self.nodes[len(self.images) % 2].rate(image, overall)
        self.images.append(image)

    def rate_again(self, overall: int, number: int) -> None:
        """Of a picture whose first rating is still here alone: that can be replaced at once."""
        free = [image for image in self.images if image not in self.settled]
        if free:
            self.nodes[0].rate(free[number % len(free)], overall)

    def send(self, count: int, *, answered: bool = True) -> None:
        batch = self.store.waiting(STUDIO, count)
        for stored in batch:
            event = event_from_json(stored.body)
            self.studio.setdefault(event.id, event)
            self.settled.add(event.image)
        if answered:
            self.store.deliver(STUDIO, [stored.sequence for stored in batch])

    def ask(self) -> None:
        self.asked, self.answer = self.store.delivered(STUDIO), None

    def reply(self) -> None:
        policy = folded(list(self.studio.values()))
        self.answer = snapshot_document("default", policy, [])

    def arrive(self) -> None:
        if self.asked is not None and self.answer is not None:
            etag = f'"{hashlib.sha256(self.answer).hexdigest()}"'
            snapshot = StudioSnapshot(etag, self.asked, self.answer)
            self.store.keep_snapshot(STUDIO, "default", snapshot)
            self.asked = self.answer = None

    def all_events(self) -> list[Event]:
        return [stored.read() for stored in self.store.events("default")]

    def close(self) -> None:
        for node in self.nodes:
            node.store.close()


def take(world: World, step: tuple) -> None:
    match step:
        case ("rate", overall, candidate):
            world.rate(overall, candidate)
        case ("rate again", overall, number):
            world.rate_again(overall, number)
        case ("send", count):
            world.send(count)
        case ("lose the answer", count):
            world.send(count, answered=False)
        case ("ask",):
            world.ask()
        case ("answer",):
            world.reply()
        case ("arrive",):
            world.arrive()


def sync(world: World) -> None:
    world.send(1000)
    for step in (world.ask, world.reply, world.arrive):
        step()


@settings(max_examples=60, deadline=None)
@given(steps)
def test_nothing_is_lost_or_counted_twice_on_the_way(taken: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        world = stack.enter_context(closing(World(Path(folder))))
        for step in taken:
            take(world, step)
        sync(world)
        whole = folded(world.all_events()).dump()
        for node in world.nodes:
            learned = node.learned()
            assert learned.on_top.dump() == whole
            assert learned.state == world.nodes[0].state()


@pytest.mark.parametrize("question", ["answered", "snapshot"])
def test_what_could_not_be_read_once_is_read_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    def fail(*_: object) -> None:
        raise StorageError("The disk is away for a moment.")

    with closing(World(tmp_path)) as world:
        node = world.nodes[0]
        assert not node.learned().from_studio
        for step in (("rate", 5, CANDIDATES[0]), ("send", 1), ("ask",), ("answer",), ("arrive",)):
            take(world, step)
        with monkeypatch.context() as broken:
            broken.setattr(node.store, question, fail)
            with pytest.raises(StorageError):
                node.learned()
        learned = node.learned()
        assert learned.from_studio
        assert learned.on_top.dump() == folded(world.all_events()).dump()
        assert learned.ratings.of(world.images[0]) is not None


@settings(max_examples=60, deadline=None)
@given(steps.map(lambda taken: [step for step in taken if step[0] != "lose the answer"]))
def test_on_the_way_choices_are_those_of_all_ratings(taken: list[tuple]) -> None:
    """Where no event reached the studio unknown to us: one that did counts twice for a moment."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        world = stack.enter_context(closing(World(Path(folder))))
        sound = True
        for step in taken:
            if step == ("answer",) and world.asked is not None:
                sound = world.asked == world.store.delivered(STUDIO)
            if step == ("arrive",) and not sound:
                continue
            take(world, step)
            whole = folded(world.all_events()).dump()
            assert all(node.learned().on_top.dump() == whole for node in world.nodes)
