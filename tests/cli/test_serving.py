from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
from contextlib import closing

import httpx
import psutil
import pytest

from companion_app.app import build_app
from vibes.errors import StorageError
from vibes.settings import load_settings
from vibes.storage import open_database


def test_serve_announces_itself_and_cleans_up_on_sigterm(start, tmp_path):
    announcement = tmp_path / "studio.json"
    announcement.write_text("{}")  # left by a crash, and readable by everybody
    announcement.chmod(0o644)
    with start("serve", "--port", "0", "--data-dir", tmp_path) as process:
        announced = json.loads(announcement.read_text())
        assert announced["url"] == process.address
        assert announced["pid"] == process.pid
        assert stat.S_IMODE(announcement.stat().st_mode) == 0o600
        assert httpx.get(f"{process.address}/health").json()["servers"]["total"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert not announcement.exists()


def test_a_second_studio_on_one_data_directory_is_refused(vibes, studio):
    result = vibes("serve", "--port", "0", "--data-dir", studio)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"vibes: Another studio is using {studio}.")
    assert result.stderr.count("\n") == 1


def test_a_port_in_use_is_refused_before_anything_is_written(vibes, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = vibes("serve", "--port", port, "--data-dir", tmp_path / "data")
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_none_is_told(vibes, tmp_path):
    result = vibes("serve", "--host", "", "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert result.stderr.startswith("vibes: host: ")
    assert result.stderr.count("\n") == 1


def test_an_unusable_data_directory_is_named(vibes, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    result = vibes("serve", "--port", "0", "--data-dir", blocked / "data")
    assert result.returncode == 1
    assert str(blocked / "data") in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_address_others_can_reach_needs_a_token(vibes, tmp_path):
    result = vibes("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert "--token-file" in result.stderr
    assert not (tmp_path / "data").exists()


def test_with_a_token_file_commands_find_their_way_in_and_strangers_do_not(
    start, vibes, tmp_path, config
):
    token = tmp_path / "token"
    options = ["--config", config, "--port", "0", "--data-dir", tmp_path / "data"]
    with start("serve", "--host", "0.0.0.0", "--token-file", token, *options) as process:
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert f"?token={token.read_text()}" in process.address
        port = httpx.URL(process.address).port
        assert httpx.get(f"http://127.0.0.1:{port}/api/gpus").status_code == 401
        listed = vibes("servers", "--data-dir", tmp_path / "data")
        elsewhere = process.stdout.readline().split()[-1]
    assert httpx.URL(process.address).host == "127.0.0.1"
    assert httpx.URL(elsewhere).host == socket.gethostname().lower()
    assert elsewhere.endswith(f"?token={token.read_text()}")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "fast\tonline" in listed.stdout


def test_with_a_token_no_path_answers_a_stranger_and_the_cookie_opens_all(start, tmp_path):
    token = tmp_path / "token"
    paths = ("/", "/config", "/api/sessions", "/api/events", "/studio-assets/main.js")
    with start(
        "serve", "--port", "0", "--token-file", token, "--data-dir", tmp_path / "data"
    ) as process:
        address = httpx.URL(process.address).copy_with(query=None)
        with httpx.Client(base_url=address) as stranger:
            for path in (*paths, "/gradio_api/queue/data", "/gradio_api/upload_progress", "/docs"):
                assert stranger.get(path).status_code == 401, path
            assert stranger.post("/gradio_api/queue/join", json={}).status_code == 401
        with httpx.Client(base_url=address, follow_redirects=True) as browser:
            assert browser.get(process.address).url == address
            for path in paths:
                with browser.stream("GET", path) as reply:
                    assert reply.status_code == 200, path


def test_a_flood_that_hides_its_length_is_cut_off(studio):
    def flood():
        for _ in range(70):
            yield b" " * 2**20

    address = json.loads((studio / "studio.json").read_text())["url"]
    for path in ("/api/sessions", "/api/preferences/import"):
        assert httpx.post(f"{address}{path}", content=flood()).status_code == 413
    assert httpx.get(f"{address}/health").status_code == 200


@pytest.mark.parametrize("content", [b"", b"\xff\xfet\x00", b"two words"])
def test_a_token_file_that_holds_no_token_is_refused(vibes, tmp_path, content):
    token = tmp_path / "token"
    token.write_bytes(content)
    result = vibes("serve", "--port", "0", "--token-file", token, "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert str(token) in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_studio_that_cannot_start_says_why_and_lets_go_of_its_data(vibes, tmp_path):
    open_database(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "vibes.db")) as db:
        db.execute("ALTER TABLE events RENAME TO lost")
        db.commit()
    result = vibes("serve", "--port", "0", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"vibes: {tmp_path / 'vibes.db'} could not be read")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "studio.json").exists()


async def test_a_start_that_failed_can_be_tried_again(tmp_path):
    settings = load_settings(data_dir=tmp_path, servers=[])
    database, kept = tmp_path / "vibes.db", tmp_path / "kept.db"
    await once(settings)
    with closing(sqlite3.connect(database)) as db:
        db.execute("ALTER TABLE events RENAME TO lost")
        with pytest.raises(StorageError, match="could not be read"):
            await once(settings)
        db.execute("ALTER TABLE lost RENAME TO events")
    database.rename(kept)
    database.mkdir()
    with pytest.raises(StorageError, match="cannot be opened"):
        await once(settings)
    database.rmdir()
    kept.rename(database)
    await once(settings)


async def once(settings):
    """Run a studio without a page from start to stop."""
    app = build_app(settings, page=False)
    async with app.router.lifespan_context(app):
        pass


def test_a_database_of_a_newer_version_is_refused(vibes, tmp_path):
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / "vibes.db") as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(_sqlite_migrations)")]
        row = db.execute("SELECT * FROM _sqlite_migrations").fetchone()
        newer = {**dict(zip(columns, row, strict=True)), "name": "m999_of_the_future"}
        newer.pop("id", None)
        marks = ", ".join("?" for _ in newer)
        db.execute(
            f"INSERT INTO _sqlite_migrations ({', '.join(newer)}) VALUES ({marks})",
            list(newer.values()),
        )
    db.close()
    result = vibes("serve", "--port", "0", "--data-dir", tmp_path)
    assert result.returncode == 1
    assert "newer" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="there are no process groups")
@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_ends_the_studio_without_a_word_however_often_it_is_pressed(
    start, config, make_grid, tmp_path, times
):
    options = ["--config", config, "--port", "0", "--data-dir", tmp_path]
    with start("serve", *options) as process:
        with httpx.Client(base_url=process.address, timeout=30) as client:
            make_grid(client, "x", 2)  # so that there are processes for thumbnails too
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "")
    assert not (tmp_path / "studio.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_the_demo_started_outlives_it(start, tmp_path, number):
    with start("demo", "--no-browser", "--port", "0", "--data-dir", tmp_path) as process:
        servers = httpx.get(f"{process.address}/api/gpus").json()
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.wait(timeout=10)
    assert {server["name"] for server in servers} == {"demo-fast", "demo-slow"}
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
