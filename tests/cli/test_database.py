from __future__ import annotations

import sqlite3

import pytest

from vibes.storage import open_database


@pytest.mark.parametrize(
    "command", ["servers", "preferences stats", "preferences export", "db check"]
)
def test_a_command_that_reads_makes_no_database_where_there_is_none(vibes, tmp_path, command):
    result = vibes(*command.split(), "--data-dir", tmp_path / "data")
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{tmp_path / 'data'} holds no Vibes database" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_file_in_place_of_the_directory_is_told(vibes, tmp_path):
    (tmp_path / "file").touch()
    result = vibes("db", "check", "--data-dir", tmp_path / "file")
    assert result.returncode == 1
    assert "holds no Vibes database" in result.stderr


def test_a_picture_that_is_gone_is_found(vibes, config, tmp_path):
    data = tmp_path / "data"
    own = ["--config", config, "--data-dir", data]
    assert vibes("generate", "x", "--count", "2", "--out", tmp_path / "o", *own).returncode == 0
    assert vibes("db", "check", "--data-dir", data).returncode == 0
    next(path for path in data.rglob("*.png") if path.is_file()).unlink()
    result = vibes("db", "check", "--data-dir", data)
    assert result.returncode == 1
    assert "its picture is gone" in result.stderr


def test_a_damaged_database_is_told_without_a_traceback(vibes, tmp_path):
    (tmp_path / "vibes.db").write_bytes(b"this is not SQLite" * 1000)
    result = vibes("db", "check", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("vibes: ")
    assert "Traceback" not in result.stderr


@pytest.fixture
def damaged(tmp_path):
    """A data directory whose table of events is overwritten on the disk."""
    open_database(tmp_path).close()
    path = tmp_path / "vibes.db"
    db = sqlite3.connect(path)
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x37" * 4096)
    return tmp_path


COMMANDS = ["db check", "preferences stats", "preferences export", "serve --port 0"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_partly_damaged_database_is_a_sentence_in_every_command(vibes, damaged, command):
    result = vibes(*command.split(), "--data-dir", damaged)
    assert (result.returncode, result.stdout) == (1, "")
    assert "malformed" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreadable_event_is_named_with_what_to_do(vibes, tmp_path, command):
    db = open_database(tmp_path)
    db.table("events").insert({"id": "e", "profile": "default", "batch": "b", "body": "{"})
    db.close()
    result = vibes(*command.split(), "--data-dir", tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Event 1 in vibes.db cannot be read" in result.stderr
    assert "`vibes db check`" in result.stderr or command == "db check"
    assert result.stderr.count("\n") == 1
