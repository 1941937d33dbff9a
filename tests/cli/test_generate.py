from __future__ import annotations

import json
import os
import signal

import httpx
import pytest
from PIL import Image

from vibes.storage import open_database


def pictures(folder):
    return sorted(path.name for path in folder.iterdir())


def test_generate_writes_every_picture_and_what_made_it(vibes, studio, tmp_path):
    out = tmp_path / "pictures"
    result = vibes("generate", "misty forest", "--count", "6", "--out", out, "--data-dir", studio)
    assert (result.returncode, result.stderr) == (0, "")
    header, *rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert header == ["file", "checkpoint", "LoRAs", "seed", "server", "why"]
    assert [row[0] for row in rows] == pictures(out)
    assert len(rows) == 6
    assert all(row[1].endswith(".safetensors") and row[4] in {"fast", "slow"} for row in rows)
    assert all(row[5].endswith(".") for row in rows)
    with Image.open(out / rows[0][0]) as picture:
        assert picture.height > picture.width


def test_quick_uses_one_checkpoint_and_a_seed_counts_up(vibes, studio, tmp_path):
    result = vibes(
        "generate", "beach", "--quick", "--seed", "7", "--count", "3", "--no-auto-lora",
        "--aspect", "landscape", "--out", tmp_path, "--data-dir", studio,
    )  # fmt: skip
    rows = [line.split("\t") for line in result.stdout.splitlines()[1:]]
    assert len({row[1] for row in rows}) == 1
    assert [row[2] for row in rows] == ["", "", ""]
    assert [row[3] for row in rows] == ["7", "8", "9"]


def test_without_a_running_studio_the_command_does_the_work_itself(vibes, config, tmp_path):
    own = ["--config", config, "--data-dir", tmp_path / "data"]
    result = vibes("generate", "a harbour", "--count", "2", "--out", tmp_path / "out", *own)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(pictures(tmp_path / "out")) == 2
    assert not (tmp_path / "data" / "studio.json").exists()
    assert vibes("db", "check", "--data-dir", tmp_path / "data").returncode == 0


def test_what_a_killed_studio_announced_is_not_believed(vibes, studio, config, tmp_path):
    """Another studio listens at its address by now; its token and its requests are not for that."""
    other = json.loads((studio / "studio.json").read_text())["url"]
    open_database(tmp_path).close()
    (tmp_path / "lock").touch()
    announcement = tmp_path / "studio.json"
    announcement.write_text(json.dumps({"url": other, "token": "secret", "pid": 1}))
    made = vibes("preferences", "stats", "--data-dir", tmp_path)
    assert made.returncode == 0
    assert not announcement.exists()
    announcement.write_text(json.dumps({"url": other, "token": "secret", "pid": 1}))
    before = httpx.get(f"{other}/api/sessions").json()
    own = ["--config", config, "--data-dir", tmp_path]
    assert vibes("generate", "x", "--count", "1", "--out", tmp_path, *own).returncode == 0
    assert httpx.get(f"{other}/api/sessions").json() == before


def test_a_proxy_of_the_environment_is_not_asked(vibes, studio):
    proxies = dict.fromkeys(("HTTP_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9")
    listed = vibes("servers", "--data-dir", studio, **proxies)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "slow\tonline" in listed.stdout


def test_a_stale_announcement_does_not_keep_a_command_from_working(vibes, config, tmp_path):
    (tmp_path / "studio.json").write_text('{"url": "http://127.0.0.1:9", "token": null}')
    open_database(tmp_path).close()
    listed = vibes("servers", "--config", config, "--data-dir", tmp_path)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "slow\tonline" in listed.stdout


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--tier", "sd15_drafts"], 2, "sd15_drafts"),
        (["--session", "nobody"], 2, "session"),
    ],
)
def test_what_the_studio_refuses_is_told_in_its_words(
    vibes, studio, tmp_path, options, code, sentence
):
    result = vibes("generate", "x", "--out", tmp_path, *options, "--data-dir", studio)
    assert (result.returncode, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert result.stderr.startswith("vibes: ")
    assert result.stderr.count("\n") == 1


def test_a_refused_request_leaves_no_empty_session_behind(vibes, studio, tmp_path):
    def sessions():
        announced = json.loads((studio / "studio.json").read_text())
        return httpx.get(f"{announced['url']}/api/sessions").json()

    before = sessions()
    result = vibes("generate", " ", "--out", tmp_path, "--data-dir", studio)
    assert result.returncode == 2
    assert "prompt" in result.stderr
    assert sessions() == before


def test_ctrl_c_cancels_what_is_left(start, spawn, patient_config, tmp_path):
    data = ["--data-dir", tmp_path / "data"]
    with (
        start("serve", "--config", patient_config, "--port", "0", *data) as process,
        httpx.Client(base_url=process.address, timeout=30) as studio,
        studio.stream("GET", "/api/events") as events,
    ):
        generate = spawn("generate", "x", "--count", "2", "--out", tmp_path / "out", *data)
        told = (json.loads(line[5:]) for line in events.iter_lines() if line.startswith("data:"))
        batch = next(event["batch_id"] for event in told if event.get("batch_id"))
        generate.send_signal(signal.SIGINT)
        said, _ = generate.communicate(timeout=20)
        assert studio.get(f"/api/batches/{batch}").json()["state"] == "cancelled"
    assert generate.returncode == 1
    assert "the rest of the grid is cancelled" in said
    assert "Traceback" not in said


def test_without_servers_the_way_out_is_told(vibes, tmp_path):
    result = vibes("generate", "x", "--out", tmp_path / "out", "--data-dir", tmp_path / "data")
    assert result.returncode == 1
    assert result.stderr.startswith("vibes: No servers are configured: ")
    assert "--config" in result.stderr
    assert "vibes demo" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
@pytest.mark.parametrize("option", [None, "--negative", "--profile", "--session", "--tier"])
def test_what_is_no_text_is_refused(vibes, tmp_path, option):
    given = [option, b"\xff\xfe"] if option else []
    prompt = "x" if option else b"bad \xff\xfe"
    arguments = map(os.fsdecode, [prompt, *given])
    result = vibes("generate", *arguments, "--out", tmp_path, "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert f"'{option or 'prompt'}': this is not text" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_rendered(vibes, studio, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    result = vibes("generate", "x", "--out", blocked, "--data-dir", studio)
    assert result.returncode == 2
    assert str(blocked) in result.stderr


def test_servers_are_listed_and_none_is_said_to_be_none(vibes, studio, tmp_path):
    listed = vibes("servers", "--data-dir", studio)
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ["name", "fast", "slow"]
    open_database(tmp_path).close()
    none = vibes("servers", "--data-dir", tmp_path)
    assert none.returncode == 0
    assert "No servers are configured" in none.stderr
