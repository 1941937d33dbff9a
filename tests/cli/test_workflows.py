"""``vibes workflows`` and ``vibes generate --workflow`` as a user runs them."""

from __future__ import annotations

import json

import pytest

from tests.workflows.marked import editor_file, with_markers


@pytest.fixture(scope="module")
def here(start, config, tmp_path_factory):
    """The data directory of a running studio."""
    directory = tmp_path_factory.mktemp("workflows")
    with start("serve", "--config", config, "--port", "0", "--data-dir", directory):
        yield directory


@pytest.fixture
def own(tmp_path):
    """A file with a marked workflow."""
    path = tmp_path / "my-own.json"
    path.write_text(json.dumps(with_markers("draft")))
    return path


def test_a_workflow_is_added_listed_used_fetched_and_removed(vibes, here, own, tmp_path):
    there = ["--data-dir", here]
    added = vibes("workflows", "add", own, *there)
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith("my-own is added. The studio fills in: prompt, ")
    rows = [line.split("\t") for line in vibes("workflows", "list", *there).stdout.splitlines()[1:]]
    assert rows[0][:3] == ["my-own", "you", "noise"]
    assert ["refine", "Vibes", "picture", "Refine, Polish"] in [row[:4] for row in rows]
    made = vibes(
        *(
            "generate",
            "a beach",
            "--out",
            tmp_path / "out",
            "--count",
            2,
            "--workflow",
            "my-own",
            *there,
        )
    )
    assert made.returncode == 0, made.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
    assert json.loads(vibes("workflows", "show", "my-own", *there).stdout) == with_markers("draft")
    copy = tmp_path / "copy.json"
    assert vibes("workflows", "show", "draft", "--out", copy, *there).returncode == 0
    assert json.loads(copy.read_text()) == editor_file("draft")
    assert vibes("workflows", "remove", "my-own", *there).stdout == "my-own is removed.\n"


def test_a_damaged_file_is_shown_as_far_as_it_goes(vibes, here, own):
    there = ["--data-dir", here]
    vibes("workflows", "add", own, "--name", "hurt", *there)
    (here / "workflows" / "hurt.workflow.json").write_bytes(b'{"nodes": \xff')
    shown = vibes("workflows", "show", "hurt", *there)
    assert (shown.returncode, shown.stdout) == (0, '{"nodes": \ufffd\n')
    vibes("workflows", "remove", "hurt", *there)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["add", "nowhere.json"], 2, "nowhere.json cannot be read"),
        (["add", __file__], 2, "neither JSON nor a picture"),
        (["show", "drafd"], 2, "did you mean 'draft'?"),
        (["remove", "draft"], 1, "comes with Vibes"),
        (["remove", "drafd"], 2, "did you mean 'draft'?"),
    ],
)
def test_what_cannot_be_done_to_a_workflow_is_one_sentence(vibes, here, arguments, code, told):
    result = vibes("workflows", *arguments, "--data-dir", here)
    assert (result.returncode, result.stdout) == (code, "")
    assert told in result.stderr
    assert result.stderr.startswith("vibes: ")
    assert result.stderr.count("\n") == 1


def test_what_is_wrong_with_a_workflow_is_told_one_line_each(vibes, here, tmp_path):
    path = tmp_path / "faulty.json"
    path.write_text(json.dumps(with_markers("draft", ("steps", "loras"))))
    result = vibes("workflows", "add", path, "--data-dir", here)
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("vibes: ") and line.endswith(".") for line in lines)


def test_an_unknown_workflow_makes_nothing(vibes, here, tmp_path):
    made = vibes(
        *("generate", "a beach", "--out", tmp_path, "--workflow", "drafd", "--data-dir", here),
    )
    assert made.returncode == 2
    assert "did you mean 'draft'?" in made.stderr
