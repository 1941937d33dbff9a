from __future__ import annotations

import json
import os
import re

import httpx
import pytest
from typer.testing import CliRunner

from companion_app.cli import app
from tests.preferences.samples import submitted
from vibes.preferences.lines import header


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


def lines_of(vibes, taught, tmp_path):
    exported = tmp_path / "taste.jsonl"
    told = vibes(
        "preferences", "export", "--format", "jsonl", "--out", exported, "--data-dir", taught
    )
    assert (told.returncode, told.stdout) == (0, "")
    assert told.stderr == f"1 event written to {exported}.\n"
    return exported


def test_a_history_can_be_carried_line_by_line(vibes, taught, tmp_path):
    exported = lines_of(vibes, taught, tmp_path)
    first, *others = exported.read_text().splitlines()
    assert json.loads(first) == {"type": "header", "version": "1.1", "events": 1}
    assert json.loads(others[0])["type"] == "GridSubmitted"
    there = ["--data-dir", tmp_path / "other"]
    assert vibes("preferences", "import", exported, *there).stdout.startswith("4 new preferences")
    assert vibes("preferences", "import", exported, *there).stdout.startswith("0 new preferences")


def test_a_history_larger_than_a_request_is_sent_in_parts(tmp_path, monkeypatch):
    history = [submitted(f"b{number}", [("epic", True)] * 4) for number in range(9)]
    told = [header(9), *(event.to_dict() for event in history)]
    file = tmp_path / "long.jsonl"
    file.write_text("\n".join(map(json.dumps, told)))
    monkeypatch.setattr("companion_app.cli.preferences.PART", 6000)
    there = ["--data-dir", str(tmp_path / "studio")]

    def run(*arguments):
        return CliRunner().invoke(app, ["preferences", *arguments, *there])

    assert run("import", str(file)).stdout.startswith("36 new preferences")
    assert run("import", str(file)).stdout.startswith("0 new preferences")
    assert "9 events in" in run("rebuild").stdout
    file.write_text(file.read_text().replace('"b7"', "7"))
    assert "line 9.batch is 7" in str(run("import", str(file)).exception)


def test_a_document_larger_than_a_request_is_refused_with_what_to_do(vibes, taught, tmp_path):
    huge = tmp_path / "huge.json"
    huge.write_bytes(b" " * (65 * 2**20))
    told = vibes("preferences", "import", huge, "--data-dir", taught)
    assert told.returncode == 2
    assert "at most 64 MiB. Of `export --format jsonl` any length can be imported." in told.stderr


def test_a_rebuild_comes_to_the_same(vibes, taught):
    told = vibes("preferences", "rebuild", "--data-dir", taught)
    assert (told.returncode, told.stderr) == (0, "")
    assert re.fullmatch(
        r"1 event in \d+\.\d s: the same as before, bit for bit \([0-9a-f]{12}\)\.\n", told.stdout
    )


def test_forgetting_in_a_running_studio_can_be_undone(vibes, taught):
    there = ["--data-dir", taught]
    told = vibes("preferences", "forget", "--keyword", "forest", "--yes", *there)
    assert (told.returncode, told.stdout) == (0, "Taken out of 1 event.\n")
    exported = vibes("preferences", "export", *there).stdout
    assert "misty forest" not in exported
    token = re.search(r"undo ([0-9a-f]{32})` puts it back", told.stderr)[1]
    back = vibes("preferences", "undo", token, *there)
    assert back.stdout == "1 event is as it was.\n"
    assert "misty forest" in vibes("preferences", "export", *there).stdout
    assert vibes("preferences", "undo", token, *there).returncode == 2


def test_forgetting_asks_before_it_does(vibes, taught):
    told = vibes("preferences", "forget", "--everything", "--data-dir", taught)
    assert (told.returncode, told.stdout.strip()) == (1, "")
    assert "Take it out of 1 event for good? [y/N]" in told.stderr
    nothing = vibes("preferences", "forget", "--keyword", "zebra", "--data-dir", taught)
    assert (nothing.returncode, nothing.stderr) == (0, "Nothing was learned about it.\n")


def test_what_to_forget_has_to_be_said(vibes, taught):
    told = vibes("preferences", "forget", "--yes", "--data-dir", taught)
    assert (told.returncode, told.stdout) == (2, "")
    assert "Say one thing to forget" in told.stderr


def test_a_stopped_studio_forgets_for_good(vibes, taught, tmp_path):
    exported, there = lines_of(vibes, taught, tmp_path), ["--data-dir", tmp_path / "other"]
    assert vibes("preferences", "import", exported, *there).returncode == 0
    told = vibes("preferences", "forget", "--everything", "--yes", *there)
    assert (told.stdout, told.stderr) == ("Taken out of 1 event.\n", "")
    stored = [path.read_bytes() for path in (tmp_path / "other").iterdir()]
    assert not any(b"misty" in content for content in stored)


def test_a_prior_is_built_here_and_used_there(vibes, taught, tmp_path):
    built, there = tmp_path / "prior.json", ["--data-dir", tmp_path / "other"]
    told = vibes("preferences", "prior", "build", built, "--min-grids", "1", "--data-dir", taught)
    assert (told.returncode, told.stdout) == (0, "")
    assert re.fullmatch(rf"[1-9]\d* features written to {built}\.\n", told.stderr)
    used = vibes("preferences", "prior", "use", built, *there)
    assert used.stdout.startswith("Learning starts from the ")
    shown = vibes("preferences", "prior", "show", *there)
    assert shown.stdout.startswith("kind\tfeatures\n")
    assert "seen in 1 grids or more" in shown.stderr
    assert vibes("preferences", "prior", "drop", *there).stdout == "Learning starts from nothing.\n"
    assert "no prior is in use" in vibes("preferences", "prior", "show", *there).stderr


def test_a_file_that_is_no_prior_is_refused_by_name(vibes, taught, tmp_path):
    exported = lines_of(vibes, taught, tmp_path)
    told = vibes("preferences", "prior", "use", exported, "--data-dir", tmp_path / "other")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(f"vibes: {exported} was refused: The prior is not valid JSON")
