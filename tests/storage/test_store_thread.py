"""Whatever goes wrong with the disk is a StorageError that says where, with its cause."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from vibes.errors import NotFound, StorageError
from vibes.stages import Session
from vibes.storage import PictureFiles, Store, StoreThread


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[StoreThread]:
    thread = StoreThread(tmp_path)
    yield thread
    thread.close()


def fill(store: Store) -> None:
    store._db.execute("PRAGMA max_page_count = 1")  # SQLite's own way to be out of room
    with store.atomic():
        for number in range(1000):
            store.profiles.ensure(f"profile {number}", "now")


async def test_a_full_disk_is_a_storage_error(thread, tmp_path):
    with pytest.raises(StorageError, match=r"vibes\.db could not be .* full\. Check") as caught:
        await thread.run(fill)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


async def test_a_broken_constraint_shows_as_the_cause(thread):
    session = Session(id="s", name="", flow="x", profile="nobody", created="now")
    with pytest.raises(StorageError) as caught:
        await thread.run(lambda store: store.sessions.add(session))
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)


async def test_errors_of_the_work_itself_pass(thread):
    with pytest.raises(NotFound):
        await thread.run(lambda store: store.sessions.get("nobody"))


async def test_the_store_goes_on_after_an_error(thread):
    with pytest.raises(StorageError):
        await thread.run(fill)
    await thread.run(lambda store: store._db.execute("PRAGMA max_page_count = 1000000"))
    await thread.run(lambda store: store.profiles.ensure("anna", "now"))
    assert await thread.run(lambda store: store.profiles.learns("anna"))


def test_a_picture_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "images").write_text("in the way")
    files = PictureFiles(tmp_path)
    with pytest.raises(StorageError, match=r"abc\.png could not be written: .*\. Check") as caught:
        files.write(files.original("abc"), b"picture")
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/full")
def test_a_picture_that_does_not_fit_leaves_nothing_behind(tmp_path):
    files = PictureFiles(tmp_path)
    path = files.original("abc")
    path.parent.mkdir(parents=True)
    path.with_suffix(".part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left on device"):
        files.write(path, b"picture")
    assert list(path.parent.iterdir()) == []
