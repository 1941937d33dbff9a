"""A damaged data directory: every fault is a sentence, and none hides the others."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from tests.stages.samples import make_grid
from vibes.errors import StorageError
from vibes.preferences import GridRejected, ImageActed, ShownImage
from vibes.recipes import Candidate
from vibes.stages import Session
from vibes.storage import PictureFiles, Store, StoreThread, check, open_database
from vibes.storage.database import advice

NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def data(tmp_path):
    """A sound data directory: one grid of two pictures, two events."""
    store = Store(open_database(tmp_path))
    store.profiles.ensure("default", NOW)
    store.sessions.add(Session(id="session", name="", flow="x", profile="default", created=NOW))
    store.grids.add(make_grid(2))
    files = PictureFiles(tmp_path)
    for image in ("grid-0", "grid-1"):
        files.write(files.original(image), b"")
        files.write(files.thumbnail(image), b"")
    store.events.append(
        ImageActed(
            id=id, time=NOW, profile="default", session="session", batch="grid", image=id,
            action="saved",
        )
        for id in ("grid-0", "grid-1")
    )  # fmt: skip
    store.close()
    return tmp_path


def change(data, statement, *values):
    db = sqlite3.connect(data / "vibes.db")
    with db:
        db.execute(statement, values)
    db.close()


def test_a_sound_directory_has_no_faults(data):
    assert check(data) == []


def test_thumbnails_are_looked_for_both_ways(data):
    files = PictureFiles(data)
    files.thumbnail("grid-1").unlink()
    files.write(files.thumbnail("stray"), b"")
    assert check(data) == [
        "Image grid-1 is collected, but its thumbnail is gone.",
        "Thumbnail stray.webp belongs to no image.",
    ]


def test_a_half_written_picture_is_named_and_gone_after_clearing_up(data):
    files = PictureFiles(data)
    part = files.original("grid-0").with_suffix(".part")
    part.write_bytes(b"half")
    [told] = check(data)
    assert told.startswith(f"{part} was never finished")
    files.remove_leftovers([])
    assert check(data) == []


def test_files_of_an_image_that_never_was_collected_are_cleared_away(data):
    change(data, "UPDATE images SET state = 'cancelled' WHERE id = 'grid-1'")
    assert len(check(data)) == 2
    store = Store(open_database(data))
    PictureFiles(data).remove_leftovers(store.grids.unlanded_ids())
    store.close()
    assert check(data) == []


def test_a_damaged_prior_is_told(data):
    (data / "prior.json").write_text("{}")
    [told] = check(data)
    assert told.startswith("The prior learning should start from is not used: This is no prior")


OUTCOME = GridRejected(
    id="left", time=NOW, profile="default", session="session", batch="grid", stage=0, prompt="x",
    keywords=(), policy="random", images=(
        ShownImage(image_id="grid-0", index=0, candidate=Candidate("x"), picked=False),),
)  # fmt: skip


def test_an_outcome_told_more_often_than_the_grid_was_left_is_a_fault(data):
    store = Store(open_database(data))
    store.events.append([OUTCOME])
    store.close()
    assert check(data) == ["Batch grid has an outcome among the events, but was never left."]
    change(data, "UPDATE grids SET outcome = 'rejected'")
    assert check(data) == []
    store = Store(open_database(data))
    store.events.append([replace(OUTCOME, id="again")])
    store.close()
    [told] = check(data)
    assert told == "Batch grid has more outcomes among the events than it was left times."


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE events SET body = '{' WHERE sequence = 2", "Event 2 in vibes.db cannot be read: "),
        ("UPDATE events SET body = '{}' WHERE sequence = 1", "Event 1 in vibes.db cannot be read"),
        ("UPDATE events SET body = x'ff' WHERE sequence = 2", "Event 2 in vibes.db cannot be read"),
        ("UPDATE grids SET brief = '[]'", "The brief of batch grid in vibes.db cannot be read: "),
        ("UPDATE images SET recipe = '{}' WHERE id = 'grid-1'", "Image grid-1 in vibes.db cannot"),
        ("UPDATE images SET scores = '3' WHERE id = 'grid-1'", "Image grid-1 in vibes.db cannot"),
        ("UPDATE images SET choice = '3' WHERE id = 'grid-1'", "Image grid-1 in vibes.db cannot"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(data, statement, told):
    change(data, statement)
    [fault] = check(data)
    assert fault.startswith(told)
    assert fault.endswith(".")


def test_pages_that_are_overwritten_do_not_hide_the_other_faults(data):
    path = data / "vibes.db"
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\x37" * 4096)
    PictureFiles(data).original("grid-0").unlink()
    faults = check(data)
    assert faults[0].startswith("The database is damaged: ")
    assert all("\n" not in fault for fault in faults)
    assert faults[-1] == "Image grid-0 is collected, but its picture is gone."


async def test_an_unreadable_event_stops_the_reader_with_its_number(data):
    change(data, "UPDATE events SET body = 'nonsense' WHERE sequence = 2")
    thread = StoreThread(data)
    with pytest.raises(StorageError, match=r"^Event 2 .*`vibes db check`"):
        list(await thread.run(lambda store: store.events.all()))
    thread.close()


async def test_an_unreadable_recipe_and_brief_are_storage_errors(data):
    thread = StoreThread(data)
    change(data, "UPDATE images SET recipe = '{}' WHERE id = 'grid-1'")
    with pytest.raises(StorageError, match="Image grid-1"):
        await thread.run(lambda store: store.grids.image("grid-1"))
    change(data, "UPDATE images SET recipe = (SELECT recipe FROM images WHERE id = 'grid-0')")
    change(data, "UPDATE grids SET brief = 'nonsense'")
    with pytest.raises(StorageError, match="brief of batch grid"):
        await thread.run(lambda store: store.grids.get("grid"))
    thread.close()


async def test_a_damaged_database_is_not_blamed_on_a_full_disk(data):
    thread = StoreThread(data)
    with pytest.raises(StorageError, match="backup") as caught:
        await thread.run(lambda store: store._db.execute("SELECT * FROM nowhere"))
    assert "room" not in str(caught.value)
    thread.close()


def test_a_full_disk_at_start_up_is_not_blamed_on_the_database(tmp_path):
    sentence = advice(sqlite3.OperationalError("database or disk is full"))
    assert "room" in sentence
    assert "backup" not in sentence
