"""What the nodes learn by themselves and with a studio, which may be away, killed or strange."""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from comfy_nodes import sync as sync_module
from comfy_nodes.choices import new_taste, settings
from comfy_nodes.memory import Memory
from comfy_nodes.sync import Sync
from tests.nodes.studios import StudioProcess, eventually
from vibes.errors import ConfigError, Conflict, InvalidInput, NotFound
from vibes.preferences import Candidate, ImageRated
from vibes.storage.node_store import ShownPicture

EPIC, TOON = Candidate("epic.safetensors"), Candidate("toon.safetensors")


class Node:
    """One ComfyUI process's memory and its thread, on a folder others may share."""

    def __init__(self, folder: Path, **told: object):
        self.memory = Memory(folder, settings().model_copy(update=told), new_policy=new_taste)
        self.sync = Sync(self.memory, poll=0.5, pause=0.1)

    def rate(self, overall: int, candidate: Candidate = EPIC, image: str | None = None) -> str:
        image = image or uuid4().hex
        self.memory.shown([ShownPicture(image, "a beach", candidate, "b", "2026-01-31T12:00:00Z")])
        self.memory.rate(image, overall)
        return image

    def waiting(self) -> int:
        return self.memory.store.count_waiting(self.memory.studio.access().base)

    def likes(self) -> float:
        policy = self.memory.policy(1)
        one, other = (policy.explain(["beach"], made).value for made in (EPIC, TOON))
        return one - other

    def stop(self) -> None:
        self.sync.stop()
        self.memory.store.close()


@pytest.fixture
def new_node(tmp_path: Path) -> Iterator[Callable[..., Node]]:
    nodes: list[Node] = []

    def make(start: bool = True, **told: object) -> Node:
        nodes.append(Node(tmp_path / "__vibes", **told))
        if start:
            nodes[-1].sync.start()
        return nodes[-1]

    yield make
    for node in nodes:
        node.stop()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioProcess]:
    studio = StudioProcess(tmp_path / "studio")
    yield studio
    studio.kill()


def test_a_rating_teaches_at_once_and_a_later_one_replaces_it(new_node):
    node = new_node(start=False)
    untaught = node.memory.state()
    assert node.likes() == 0
    image = node.rate(5)
    liked = node.memory.state()
    assert node.likes() > 0
    node.rate(1, image=image)
    assert node.likes() < 0
    node.rate(3, image=image)
    assert node.likes() == 0
    assert len({untaught, liked, node.memory.state()}) == 2
    assert node.memory.learned().ratings.of(image).overall == 3


def test_what_one_process_is_told_another_knows(new_node):
    one, other = new_node(start=False), new_node(start=False)
    one.rate(5)
    assert other.likes() == one.likes() > 0
    assert other.memory.state() == one.memory.state()


def test_a_profile_learns_for_itself(new_node):
    one, other = new_node(start=False), new_node(start=False, studio_profile="anime")
    one.rate(5)
    assert other.likes() == 0


def test_what_cannot_be_rated_is_said(new_node):
    node = new_node(start=False)
    with pytest.raises(NotFound):
        node.memory.rate("nothing", 5)
    image = node.rate(4)
    with pytest.raises(InvalidInput, match="overall is 6"):
        node.memory.rate(image, 6)
    unknown = ShownPicture("x", "a beach", None, "b", "2026-01-31T12:00:00Z")
    node.memory.shown([unknown])
    assert not node.memory.rate("x", 5).teaches


def test_ratings_reach_the_studio_and_its_snapshot_changes_nothing_of_them(new_node, studio):
    node = new_node()
    images = [node.rate(5), node.rate(1, TOON), node.rate(4)]
    before = node.memory.state()
    studio.start()
    node.memory.studio.put(studio.url)
    assert node.sync.settle(30)
    assert node.sync.status.state == "ok"
    assert studio.rated() == images
    assert node.waiting() == 0
    learned = node.memory.learned()
    assert learned.from_studio
    assert learned.state == before
    images.append(node.rate(5))
    eventually(lambda: node.waiting() == 0)
    assert studio.rated() == images


def test_what_the_studio_learns_elsewhere_reaches_the_nodes(new_node, studio, tmp_path):
    studio.start()
    node = new_node()
    node.memory.studio.put(studio.url)
    node.sync.settle(30)
    elsewhere = Node(tmp_path / "elsewhere")
    elsewhere.memory.studio.put(studio.url)
    elsewhere.sync.start()
    elsewhere.rate(5)
    eventually(lambda: node.likes() > 0)
    elsewhere.stop()


def test_while_the_studio_is_away_ratings_wait_and_teach(new_node, studio):
    node = new_node(start=False)
    node.memory.studio.put(studio.url)
    image = node.rate(5)
    node.sync.start()
    node.sync.settle(30)
    assert node.sync.status.state == "away"
    assert "does not answer" in node.sync.status.detail
    assert node.likes() > 0
    studio.start()
    eventually(lambda: node.waiting() == 0)
    assert studio.rated() == [image]


def test_ratings_while_the_studio_is_away_do_not_put_off_the_next_try(new_node, studio):
    node = new_node()
    node.memory.studio.put(studio.url)
    images = []
    for _ in range(12):
        images.append(node.rate(5))
        assert node.sync.settle(30)
    assert node.sync.status.state == "away"
    studio.start()
    eventually(lambda: node.waiting() == 0)
    assert studio.rated() == images


@pytest.mark.parametrize("rounds", [2, pytest.param(25, marks=pytest.mark.slow)])
def test_a_studio_killed_over_and_over_has_each_rating_once(new_node, studio, rounds):
    studio.start()
    nodes = [new_node(), new_node()]  # two processes, one outbox
    nodes[0].memory.studio.put(studio.url)
    chance, images = random.Random(1), []
    for _ in range(rounds):
        for _ in range(10):
            images.append(chance.choice(nodes).rate(chance.choice([1, 5])))
            time.sleep(chance.uniform(0, 0.02))
        studio.kill()
        images.append(nodes[0].rate(5))
        studio.start()
    eventually(lambda: nodes[0].waiting() == 0)
    assert studio.rated() == images
    for node in nodes:
        assert node.sync.settle(30)
        assert node.memory.learned().from_studio
    assert nodes[0].memory.state() == nodes[1].memory.state()


def test_a_token_is_wanted_and_never_told(new_node, tmp_path):
    studio = StudioProcess(tmp_path / "studio", token="open-sesame")
    studio.start()
    node = new_node()
    image = node.rate(5)
    node.memory.studio.put(studio.url)
    node.sync.settle(30)
    assert node.sync.status.state == "refused"
    assert "needs its token" in node.sync.status.detail
    node.memory.studio.put(studio.url, "open-sesame")
    node.sync.settle(30)
    assert node.sync.status.state == "ok"
    assert studio.rated() == [image]
    assert "sesame" not in repr(node.memory.studio.access())
    file = tmp_path / "__vibes" / "studio.json"
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
    node.memory.studio.put(studio.url)
    assert node.memory.studio.access().token is not None
    node.memory.studio.put("http://127.0.0.1:9")
    assert "sesame" not in file.read_text()
    studio.kill()


def test_a_rating_no_studio_takes_is_set_aside_and_holds_up_no_other(new_node, studio, caplog):
    node = new_node(start=False)
    first = node.rate(5)
    bad = ImageRated("bad", "yesterday", "default", "s", "b", "image", 5)
    node.memory.store.add(bad)
    last = node.rate(4)
    studio.start()
    node.memory.studio.put(studio.url)
    node.sync.start()
    eventually(lambda: node.waiting() == 0)
    assert studio.rated() == [first, last]
    (refusal,) = node.memory.store.refusals(studio.url)
    assert "time" in refusal
    assert "does not take rating 2" in caplog.text


def test_many_ratings_go_in_bounded_bodies(new_node, studio, monkeypatch):
    monkeypatch.setattr(sync_module, "MOST_EVENTS", 7)
    monkeypatch.setattr(sync_module, "MOST_BYTES", 1000)
    node = new_node(start=False)
    images = [node.rate(5) for _ in range(20)]
    studio.start()
    node.memory.studio.put(studio.url)
    node.sync.start()
    eventually(lambda: node.waiting() == 0)
    assert studio.rated() == images


def test_a_profile_that_does_not_learn_does_not_learn_here_either(new_node, studio):
    studio.start()
    studio.learns(False)
    node = new_node()
    node.memory.studio.put(studio.url)
    node.sync.settle(30)
    untaught = node.memory.state()
    node.rate(5)
    eventually(lambda: node.waiting() == 0 and node.memory.state() == untaught)
    assert studio.rated() == []


@pytest.mark.parametrize("status", [200, 400])
def test_what_is_no_studio_takes_nothing_and_is_named(new_node, status):
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    node = new_node()
    node.rate(5)
    node.memory.studio.put(f"http://127.0.0.1:{server.server_port}")
    node.sync.settle(30)
    assert node.sync.status.state == "away"
    assert "not like a studio" in node.sync.status.detail
    assert node.waiting() == 1
    server.shutdown()
    server.server_close()


def test_variables_decide_which_studio_it_is(new_node):
    fixed = settings().model_validate(
        {**dict(settings()), "studio_url": "http://studio:1", "studio_token": "t"}
    )
    node = new_node(start=False, studio_url=fixed.studio_url, studio_token=fixed.studio_token)
    assert node.memory.studio.access().headers == {"Authorization": "Bearer t"}
    with pytest.raises(Conflict, match="VIBES_STUDIO_URL"):
        node.memory.studio.put(None)


@pytest.mark.parametrize(
    "url", ["studio:7860", "http://u:p@studio", "http://studio/?token=x", 7, 0, False, [], {}]
)
def test_an_address_that_is_none_is_refused_and_changes_nothing(new_node, url):
    node = new_node(start=False)
    node.memory.studio.put("http://studio:7860")
    with pytest.raises(ConfigError):
        node.memory.studio.put(url)
    assert node.memory.studio.access().base == "http://studio:7860"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"url": 5}', '{"adress": "http://x"}'])
def test_a_damaged_note_of_the_studio_is_as_none(new_node, tmp_path, caplog, text):
    (tmp_path / "__vibes").mkdir()
    (tmp_path / "__vibes" / "studio.json").write_text(text)
    node = new_node(start=False)
    assert node.memory.studio.access().url is None
    assert "set its address anew" in caplog.text
    node.memory.studio.put("http://studio:7860")
    kept = json.loads((tmp_path / "__vibes" / "studio.json").read_text())
    assert kept == {"url": "http://studio:7860/", "token": None}


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be stopped there")
def test_it_ends_at_once_while_the_studio_hangs(new_node, studio):
    studio.start()
    assert studio.process
    studio.process.send_signal(signal.SIGSTOP)
    node = new_node()
    node.rate(5)
    node.memory.studio.put(studio.url)
    assert not node.sync.settle(0.3)
    node.sync.stop()
    assert not node.sync._thread.is_alive()
