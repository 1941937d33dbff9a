"""What the nodes keep, shared by several processes that may die at any moment."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from vibes.errors import DatabaseTooNew, NotFound, StorageError
from vibes.preferences import Candidate, ImageRated, LoraUse
from vibes.storage import FileHash, node_store
from vibes.storage.node_file import FILE_NAME
from vibes.storage.node_store import NodeStore, ShownPicture, Standing, StudioSnapshot

HOME = "http://studio:7860"
NOON = "2026-01-31T12:00:00Z"
CANDIDATE = Candidate("epic.safetensors", (LoraUse("styles/grain", 0.7),))
WRITER = """
import sys
from pathlib import Path
from tests.storage.test_node_store import rated
from vibes.storage.node_store import NodeStore
store = NodeStore(Path(sys.argv[1]))
number = 0
while number < int(sys.argv[3]):
    store.add(rated(f"{sys.argv[2]}-{number}"))
    print(number, flush=True)
    number += 1
"""


def rated(event_id: str, *, image: str = "picture", profile: str = "default") -> ImageRated:
    return ImageRated(
        id=event_id,
        time=NOON,
        profile=profile,
        session="comfyui",
        batch="b",
        image=image,
        overall=5,
        keywords=("beach",),
        candidate=CANDIDATE,
    )


def shown(image: str, candidate: Candidate | None = CANDIDATE) -> ShownPicture:
    return ShownPicture(image, "a beach", candidate, "b", NOON)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], NodeStore]]:
    opened: list[NodeStore] = []

    def open_() -> NodeStore:
        opened.append(NodeStore(tmp_path / "__vibes"))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], NodeStore]) -> NodeStore:
    return open_store()


def ids(store: NodeStore) -> list[str]:
    return [stored.read().id for stored in store.events("default")]


def test_what_was_shown_can_be_rated_later(store, open_store):
    store.show([shown("one"), shown("two", None)])
    assert open_store().picture("one") == shown("one")
    assert store.picture("two").candidate is None
    with pytest.raises(NotFound, match="'three'"):
        store.picture("three")


def test_half_a_character_is_no_reason_to_forget_the_rest(store):
    half = "a wave \ud83c"
    store.show([replace(shown("one"), prompt=half)])
    store.add(replace(rated("a", image="one"), comment=half))
    assert store.picture("one").prompt == "a wave ?"
    assert [stored.read().comment for stored in store.events("default")] == ["a wave ?"]
    with pytest.raises(NotFound):
        store.picture("\ud83c")


def test_the_pictures_shown_longest_ago_are_forgotten(store, monkeypatch):
    monkeypatch.setattr(node_store, "MOST_PICTURES", 3)
    for number in range(5):
        store.show([shown(str(number))])
    assert store.picture("2") == shown("2")
    with pytest.raises(NotFound):
        store.picture("1")


def test_events_wait_until_a_studio_has_answered_for_them(store):
    for name in ("a", "b", "c"):
        store.add(rated(name))
    store.add(rated("a"))
    assert ids(store) == ["a", "b", "c"]
    first, second, third = store.waiting(HOME, 10)
    store.deliver(HOME, [first.sequence])
    store.deliver(HOME, [first.sequence, second.sequence], "It is of another version.")
    assert [event.sequence for event in store.waiting(HOME, 10)] == [third.sequence]
    assert store.refusals(HOME) == ["It is of another version."]
    assert store.count_waiting("http://another") == 3


def test_a_snapshot_holds_what_was_delivered_before_it_was_asked_for(store):
    for name in ("a", "b"):
        store.add(rated(name))
    first, second = store.waiting(HOME, 10)
    store.deliver(HOME, [first.sequence])
    asked = store.delivered(HOME)
    store.deliver(HOME, [second.sequence])
    store.keep_snapshot(HOME, "default", StudioSnapshot('"one"', asked, b"{}"))
    standing = store.standing(HOME, "default")
    assert standing == Standing('"one"', asked, second.sequence)
    assert store.answered(HOME, standing.delivered) == {first.sequence}
    store.confirm_snapshot(HOME, "default", '"another"', store.delivered(HOME))
    assert store.standing(HOME, "default") == standing
    store.confirm_snapshot(HOME, "default", '"one"', store.delivered(HOME))
    assert store.answered(HOME, store.standing(HOME, "default").delivered) == {1, 2}


def test_a_slow_process_does_not_put_back_an_older_snapshot(store):
    store.keep_snapshot(HOME, "default", StudioSnapshot('"new"', 7, b"new"))
    store.keep_snapshot(HOME, "default", StudioSnapshot('"old"', 5, b"old"))
    assert store.snapshot(HOME, "default") == StudioSnapshot('"new"', 7, b"new")


def test_hashes_of_files_are_shared(store, open_store):
    store.put_hash(FileHash("/models/a", 3, 4, "ff"))
    assert open_store().hashes() == {"/models/a": FileHash("/models/a", 3, 4, "ff")}


def test_any_thread_may_write(store):
    def write(name: str) -> None:
        for number in range(20):
            store.add(rated(f"{name}-{number}"))
            store.show([shown(f"{name}-{number}")])

    threads = [threading.Thread(target=write, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids(store)) == 80


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_several_processes_write_at_once(tmp_path):
    folder = tmp_path / "__vibes"
    writers = [writer(folder, name, 100) for name in "abc"]
    for process in writers:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with closing(NodeStore(folder)) as store:
        found = ids(store)
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abc" for number in range(100))


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_killed_process_loses_nothing_it_was_told_is_kept(tmp_path, rounds):
    folder = tmp_path / "__vibes"
    for round_ in range(rounds):
        with writer(folder, f"l{round_}", 20) as living:
            with writer(folder, f"dying{round_}", 10**6) as dying:
                assert dying.stdout
                told = [int(dying.stdout.readline()) for _ in range(5 + 7 * round_ % 40)]
                dying.send_signal(signal.SIGKILL)
                told += map(int, dying.stdout.read().split())
            living.communicate(timeout=120)
        with closing(NodeStore(folder)) as store:
            found = ids(store)
        kept = [name for name in found if name.startswith(f"dying{round_}-")]
        assert kept[: len(told)] == [f"dying{round_}-{number}" for number in told]
        assert len(kept) <= len(told) + 1  # the one that was being told of
        assert len(set(found)) == len(found)
        assert sum(name.startswith(f"l{round_}-") for name in found) == 20


def test_a_damaged_file_is_set_aside_and_named(tmp_path, caplog):
    folder = tmp_path / "__vibes"
    with closing(NodeStore(folder)) as store:
        for number in range(500):
            store.add(rated(str(number)))
    path = folder / FILE_NAME
    damaged = bytearray(path.read_bytes())
    damaged[4096 : len(damaged) // 2] = b"\xff" * (len(damaged) // 2 - 4096)
    path.write_bytes(damaged)
    with closing(NodeStore(folder)) as store:
        assert ids(store) == []
        store.add(rated("new"))
        assert ids(store) == ["new"]
    (aside,) = folder.glob("nodes-damaged-*.db")
    assert aside.read_bytes() == damaged
    assert aside.name in caplog.text


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path):
    folder = tmp_path / "__vibes"
    NodeStore(folder).close()
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        Database(db).table("_sqlite_migrations").insert(
            {"migration_set": "nodes", "name": "m999_later", "applied_at": NOON}
        )
    with pytest.raises(DatabaseTooNew, match="Update them, or move that file away"):
        NodeStore(folder)
    assert [path.name for path in folder.glob("*.db")] == [FILE_NAME]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "user").touch()
    with pytest.raises(StorageError, match=r"cannot be used: .*Let ComfyUI write there"):
        NodeStore(tmp_path / "user" / "__vibes")


def test_nobody_else_may_look_into_the_folder(store, tmp_path):
    if sys.platform != "win32":
        assert (tmp_path / "__vibes").stat().st_mode & 0o777 == 0o700
