from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.marked import with_markers
from vibes.errors import NotFound, StorageError
from vibes.storage import WorkflowFiles
from vibes.workflows.compile import compile_workflow
from vibes.workflows.template import to_template

COMPILED = compile_workflow(with_markers("draft"))


def test_what_is_written_is_read_again_and_what_is_removed_is_gone(tmp_path: Path) -> None:
    files = WorkflowFiles(tmp_path)
    assert files.read() == ([], {})
    files.write("mine", COMPILED, b"as it came")
    assert files.read() == ([to_template("mine", COMPILED)], {})
    assert files.document("mine") == b"as it came"
    files.remove("mine")
    assert files.read() == ([], {})
    with pytest.raises(NotFound, match="is gone"):
        files.document("mine")
    assert list((tmp_path / "workflows").iterdir()) == []


def test_a_file_that_holds_no_template_is_told_and_hides_no_other(tmp_path: Path) -> None:
    files = WorkflowFiles(tmp_path)
    files.write("good", COMPILED, b"{}")
    (tmp_path / "workflows" / "bad.json").write_text("{")
    (tmp_path / "workflows" / "deep.json").write_text("[" * 100_000)
    (tmp_path / "workflows" / "half.json").write_bytes(b"\xff")
    (tmp_path / "workflows" / "half.json").with_suffix(".part").write_text("")
    (tmp_path / "workflows" / "old.json").write_text(json.dumps({**COMPILED, "slots": {}}))
    templates, broken = files.read()
    assert [template.name for template in templates] == ["good"]
    assert broken.keys() == {"bad", "deep", "half", "old"}
    assert "'checkpoint' is missing" in broken["old"]


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "workflows").write_text("in the way")
    with pytest.raises(StorageError, match="could not be written"):
        WorkflowFiles(tmp_path).write("mine", COMPILED, b"{}")


def test_what_is_nested_deeply_takes_no_more_room_than_it_came_with(tmp_path: Path) -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    compiled = {**COMPILED, "graph": {**COMPILED["graph"], "x": {"inputs": {"deep": deep}}}}
    WorkflowFiles(tmp_path).write("deep", compiled, b"{}")
    written = (tmp_path / "workflows" / "deep.json").stat().st_size
    assert written < 2 * len(json.dumps(compiled))
