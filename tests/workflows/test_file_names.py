"""Names of saved pictures: made from a pattern, and good on every system."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.workflows.file_names import PLACEHOLDERS, check_pattern, file_name

NOW = datetime(2026, 3, 9, 7, 5, 4)
VALUES = {"model": "epicrealism", "seed": 42, "cfg": 6.50, "prompt": "a boat / at night?"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ComfyUI", ("", "ComfyUI_", "_")),
        ("vibes/ab12", ("vibes", "ab12_", "_")),
        ("a\\b//c", ("a/b", "c_", "_")),
        ("%date:yyyy-MM-dd%/%model%_%seed%", ("2026-03-09", "epicrealism_42_", "_")),
        ("%date%", ("", "2026-03-09_", "_")),
        ("%date:d.M.yy h:m:s%", ("", "9.3.26 7 5 4_", "_")),
        ("%year%%month%%day%%hour%%minute%%second%", ("", "20260309070504_", "_")),
        ("%counter%-%cfg%", ("", "", "-6.5")),
        ("x%counter%/y", ("x", "y_", "_")),
        ("a/%counter%/y", ("a", "y_", "_")),
        ("%prompt%", ("", "a boat - at night_", "_")),
        ("%steps%", ("", "unknown_", "_")),
        ("con/nul.x", ("con_", "nul_.x_", "_")),
        ("50% of it", ("", "50_ of it_", "_")),
    ],
)
def test_a_pattern_gives_folder_and_name(pattern: str, expected: tuple[str, str, str]) -> None:
    assert file_name(pattern, VALUES, now=NOW) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("../x", "leads out of the output folder"),
        ("a/../../x", "leads out of the output folder"),
        ("/tmp/x", "leads out of the output folder"),
        ("\\\\server\\x", "leads out of the output folder"),
        ("C:x", "leads out of the output folder"),
        ("%sed%", "did you mean 'seed'"),
        ("", "without a file's name"),
        ("vibes/", "without a file's name"),
        ("vibes/...", "without a file's name"),
    ],
)
def test_a_pattern_that_is_no_file_inside_the_folder_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "folder", ["..%counter%", ".%counter%.", "..\0", "%counter%..", "a/..%counter%"]
)
def test_a_number_in_a_folder_is_no_way_out(folder: str) -> None:
    assert file_name(f"{folder}/x", VALUES, now=NOW)[0] in ("", "a")


@given(st.text(max_size=300), st.sampled_from(["%prompt%", "a/%prompt%.%counter%", "%model%"]))
@example("../../etc/passwd", "%prompt%/x")
@example("..", "%prompt%/x")
@example("CON", "%prompt%")
@example("日" * 300, "x%prompt%y")
@example("\ud800", "%prompt%")
@example("%counter%", "%prompt%")
def test_whatever_a_value_holds_the_name_is_one_on_every_system(value: str, pattern: str) -> None:
    values = dict.fromkeys(PLACEHOLDERS, value)
    folder, before, after = file_name(pattern, values, now=NOW)
    for part in (*folder.split("/"), f"{before}00001{after}.png"):
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\ud800-\udfff]', part)
        assert not re.fullmatch(r"(con|nul|prn|aux|com\d|lpt\d)(\..*)?", part, re.IGNORECASE)
        assert not part.endswith((" ", ".")) or part == ""
        assert part != ".."
        assert len(part.encode()) <= 255
