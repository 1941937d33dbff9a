from __future__ import annotations

import json
import os

import httpx
import pytest


@pytest.fixture(scope="module")
def taught(start, config, make_grid, tmp_path_factory):
    """The data directory of a running studio that has learned from one grid."""
    directory = tmp_path_factory.mktemp("taught")
    with start("serve", "--config", config, "--port", "0", "--data-dir", directory) as process:
        with httpx.Client(base_url=process.address, timeout=30) as client:
            session, batch, images = make_grid(client, "misty forest", 4)
            picks = {"action": "advance", "selected": [images[0]["id"]]}
            lesson = {"session_id": session, "batch_id": batch, **picks}
            client.post("/api/iterate", json=lesson).raise_for_status()
        yield directory


def test_what_was_learned_can_be_carried_to_another_studio(vibes, taught, tmp_path):
    exported = tmp_path / "taste.json"
    there = ["--data-dir", tmp_path / "other"]
    assert vibes("preferences", "export", "--out", exported, "--data-dir", taught).returncode == 0
    assert json.loads(exported.read_text())["total_preferences"] == 4
    first = vibes("preferences", "import", exported, *there)
    again = vibes("preferences", "import", exported, *there)
    assert (first.returncode, first.stderr) == (0, "")
    assert again.stdout.startswith("0 new")
    stats = vibes("preferences", "stats", *there)
    assert "4 preferences: 1 selected, 3 rejected." in stats.stderr
    assert stats.stdout.startswith("checkpoint\tselection rate\tselected\tshown\n")


def test_export_goes_to_standard_output_by_default(vibes, taught):
    result = vibes("preferences", "export", "--data-dir", taught)
    assert json.loads(result.stdout)["total_preferences"] == 4
    assert result.stderr == ""


def with_preferences(*entries):
    return json.dumps({"version": "1.0", "preferences": entries})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": "1.0"}',
        with_preferences(3),
        with_preferences(float("nan")),
        with_preferences({"id": float("inf")}),
        with_preferences({"id": "\ud800"}),
        "[" * 100_000,
        b"\xff\xfe{",
    ],
    ids=range(10),
)
def test_a_corrupt_import_is_refused_whole(vibes, taught, tmp_path, content):
    broken = tmp_path / "broken.json"
    broken.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = vibes("preferences", "import", broken, "--data-dir", taught)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"vibes: {broken} was refused: ")
    assert result.stderr.count("\n") == 1
    assert "instance of" not in result.stderr


def test_a_lone_surrogate_in_a_text_is_refused(vibes, taught, tmp_path):
    exported = tmp_path / "taste.json"
    assert vibes("preferences", "export", "--out", exported, "--data-dir", taught).returncode == 0
    exported.write_text(exported.read_text().replace("misty forest", "misty \\ud800"))
    result = vibes("preferences", "import", exported, "--data-dir", tmp_path / "other")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"vibes: {exported} was refused: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/full")
def test_a_full_disk_is_a_failure_and_a_wrong_place_a_mistake(vibes, taught, tmp_path):
    def export(place):
        return vibes("preferences", "export", "--out", place, "--data-dir", taught)

    assert export("/dev/full").returncode == 1
    assert "/dev/full cannot be written: No space left" in export("/dev/full").stderr
    assert export(tmp_path / "nowhere" / "x").returncode == 2


def test_a_missing_import_is_named(vibes, tmp_path):
    result = vibes("preferences", "import", tmp_path / "nowhere.json", "--data-dir", tmp_path)
    assert result.returncode == 2
    assert "nowhere.json cannot be read" in result.stderr
