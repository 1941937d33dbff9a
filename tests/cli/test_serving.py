from __future__ import annotations

import json
import signal
import socket
import sqlite3
import stat

import httpx
import psutil
import pytest


def test_serve_announces_itself_and_cleans_up_on_sigterm(start, tmp_path):
    with start("serve", "--port", "0", "--data-dir", tmp_path) as process:
        announcement = tmp_path / "studio.json"
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
    assert result.returncode in {1, 2}
    assert f"127.0.0.1:{port}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


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
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "fast\tonline" in listed.stdout


def test_a_database_of_a_newer_version_is_refused(vibes, tmp_path):
    assert vibes("servers", "--data-dir", tmp_path).returncode == 0
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
