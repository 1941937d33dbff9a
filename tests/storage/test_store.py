from __future__ import annotations

import os
import sqlite3
from dataclasses import replace

import pytest
from sqlite_utils import Database

from tests.stages.samples import make_grid
from vibes.errors import DatabaseTooNew, NotFound, StorageError
from vibes.preferences import Choice, GridSubmitted, ShownImage
from vibes.recipes import Candidate
from vibes.stages import Session, submitted
from vibes.storage import Forgetting, PictureFiles, Store, check, open_database

NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def store(tmp_path):
    store = Store(open_database(tmp_path))
    store.profiles.ensure("default", NOW)
    store.sessions.add(
        Session(id="session", name="Beach", flow="draft_grid", profile="default", created=NOW)
    )
    yield store
    store.close()


def make_event(id: str = "event", batch: str = "grid") -> GridSubmitted:
    images = (ShownImage(image_id="a", index=0, candidate=Candidate("x"), picked=True),)
    return GridSubmitted(
        id=id,
        time=NOW,
        profile="default",
        session="session",
        batch=batch,
        stage=0,
        prompt="a beach",
        keywords=("beach",),
        images=images,
        policy="selection_rate",
    )


def test_a_grid_is_read_back_as_it_was_stored(store):
    grid = make_grid(3, picked=(1,))
    store.grids.add(grid)
    assert store.grids.get("grid") == replace(grid, visit=1)
    assert store.grids.of_session("session") == [replace(grid, visit=1)]


def test_how_models_were_chosen_is_kept_with_each_image(store):
    probe = Choice(policy="taste", version=1, probe=True)
    first, second, third = make_grid(3).images
    grid = replace(make_grid(3), images=(first, replace(second, choice=probe), third))
    store.grids.add(grid)
    decided = Choice(policy="taste", version=1, decided=("checkpoint",), relevance={"x": 0.3})
    store.grids.set_choices({first.id: decided, "deleted": probe})
    assert [image.choice for image in store.grids.get("grid").images] == [decided, probe, None]


def test_leaving_a_grid_stores_outcome_and_selections(store):
    store.grids.add(make_grid(3, picked=(1,), states={2: "planned"}))
    store.grids.leave(submitted(store.grids.get("grid")))
    left = store.grids.get("grid")
    assert left.outcome == "submitted"
    assert [image.selection for image in left.images] == ["rejected", "selected", "none"]
    assert left.images[2].state == "cancelled"


def test_the_grid_stored_last_is_the_one_visited_last(store):
    store.grids.add(make_grid(1, id="one"))
    store.grids.add(make_grid(1, id="two"))
    store.grids.visit("one")
    assert store.grids.get("one").visit > store.grids.get("two").visit


def test_deleting_a_session_takes_its_grids_but_not_its_events(store):
    store.grids.add(make_grid(2))
    store.events.append([make_event()])
    store.sessions.delete("session")
    with pytest.raises(NotFound):
        store.grids.get("grid")
    assert [event.id for event in store.events.all()] == ["event"]


def test_an_event_is_appended_once(store):
    first = [make_event("one", "a"), make_event("two", "b")]
    assert store.events.append(first) == first
    third = make_event("three", "c")
    assert store.events.append([make_event("one", "a"), third, third]) == [third]
    assert [event.id for event in store.events.all()] == ["one", "two", "three"]


def test_a_failed_transaction_leaves_nothing_behind(store):
    def half() -> None:
        with store.atomic():
            store.grids.add(make_grid(1))
            store.sessions.move("session", "no such grid")

    with pytest.raises(sqlite3.IntegrityError):
        half()
    assert store.grids.of_session("session") == []


@pytest.mark.parametrize("look", ["sessions", "grids", "image", "profile"])
def test_what_does_not_exist_is_named(store, look):
    looks = {
        "sessions": lambda: store.sessions.get("nobody"),
        "grids": lambda: store.grids.get("nobody"),
        "image": lambda: store.grids.image("nobody"),
        "profile": lambda: store.profiles.learns("nobody"),
    }
    with pytest.raises(NotFound, match="'nobody'"):
        looks[look]()


def test_opening_twice_migrates_once(tmp_path):
    open_database(tmp_path).close()
    db = open_database(tmp_path)
    assert db.journal_mode == "wal"
    assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    db.close()


def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path):
    open_database(tmp_path).close()
    newer = Database(tmp_path / "vibes.db")
    newer.table("_sqlite_migrations").insert(
        {"migration_set": "vibes", "name": "m999_future", "applied_at": NOW}
    )
    newer.close()
    with pytest.raises(DatabaseTooNew, match="m999_future"):
        open_database(tmp_path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "vibes.db").write_bytes(b"not a database, but somebody's notes" * 50)
    with pytest.raises(StorageError, match="cannot be opened"):
        open_database(tmp_path)
    assert (tmp_path / "vibes.db").read_bytes().startswith(b"not a database")


def test_a_data_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="cannot be used"):
        open_database(tmp_path / "data")


def test_a_picture_file_appears_whole_or_not_at_all(tmp_path):
    files = PictureFiles(tmp_path)
    files.write(files.original("abc"), b"picture")
    assert files.original("abc").read_bytes() == b"picture"
    assert sorted(p.name for p in files.original("abc").parent.iterdir()) == ["abc.png"]
    files.delete(["abc", "never there"])
    assert not files.original("abc").exists()


def test_check_names_missing_and_orphaned_pictures(tmp_path):
    store = Store(open_database(tmp_path))
    store.profiles.ensure("default", NOW)
    store.sessions.add(Session(id="session", name="", flow="x", profile="default", created=NOW))
    store.grids.add(make_grid(2))
    files = PictureFiles(tmp_path)
    files.write(files.original("grid-0"), b"")
    files.write(files.thumbnail("grid-0"), b"")
    files.write(files.original("stray"), b"")
    store.close()
    assert check(tmp_path) == [
        "Image grid-1 is collected, but its picture is gone.",
        "Picture stray.png belongs to no image.",
    ]


@pytest.mark.skipif(os.name == "nt", reason="permissions work differently on Windows")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_data_directory_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError):
        open_database(tmp_path)


def test_events_that_were_superseded_can_be_left_out(store):
    events = [make_event("e1", "b1"), make_event("e2", "b2"), make_event("e3", "b1")]
    store.events.append(events)
    store.events.append([replace(events[1], id="e4", profile="anime", batch="b4")])

    def ids(**wanted):
        return [stored.read().id for stored in store.events.some(**wanted)]

    assert ids() == ["e1", "e2", "e3", "e4"]
    assert ids(standing=True) == ["e2", "e3", "e4"]
    assert ids(standing=True, upto=2) == ["e1", "e2"]
    assert ids(after=1, limit=2) == ["e2", "e3"]
    assert ids(profile="anime") == ["e4"]
    assert store.events.count(profile="default", upto=4, standing=True) == 2
    assert store.events.last() == 4


def test_what_is_left_of_events_takes_their_place_and_they_can_be_put_back(store):
    events = [make_event(f"e{number}", f"b{number}") for number in range(3)]
    store.events.append(events)
    before = store.events.those([1, 2])
    store.events.rewrite([(1, None), (2, replace(events[1], prompt=""))])
    assert [event.prompt for event in store.events.all()] == ["", "a beach"]
    store.events.put_back(before)
    assert list(store.events.after(0)) == list(enumerate(events, 1))
    assert store.events.some(standing=True) == store.events.some()


def test_forgettings_are_noted(store):
    note = Forgetting(time=NOW, profile=None, kind="lora", what="rain", events=3)
    number = store.forgettings.add(note)
    other = replace(note, profile="default", kind="keyword", what=None)
    store.forgettings.add(other)
    store.forgettings.undo(number)
    assert store.forgettings.all() == [replace(note, undone=True), other]
