from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preferences.samples import events, submitted
from vibes.errors import InvalidInput
from vibes.preferences.lines import header, is_lines, read_lines, split_lines

GRIDS = [submitted(f"b{number}", [("epic", True), ("toon", False)]) for number in range(5)]


def as_file(history, *, promised=None, **dumping):
    first = header(len(history) if promised is None else promised)
    told = [first, *(event.to_dict() for event in history)]
    return b"".join(json.dumps(line, **dumping).encode() + b"\n" for line in told)


@given(events, st.booleans())
def test_events_survive_the_file_exactly(history, ascii_only):
    file = as_file(history, ensure_ascii=ascii_only)
    assert is_lines(file)
    assert read_lines(file) == history


@given(events, st.integers(1, 3000))
def test_the_parts_of_a_file_hold_the_same_events(history, size):
    parts = [read_lines(part) for part in split_lines(as_file(history), size)]
    assert [event for part in parts for event in part] == history
    assert all(parts)


def test_one_document_is_not_taken_for_lines():
    for document in (b'{"version": "1.0"}', b"[]", b"", b'{\n "version": "1.0"\n}'):
        assert not is_lines(document)


def test_empty_lines_are_nothing():
    assert read_lines(as_file(GRIDS).replace(b"\n", b"\r\n\n")) == GRIDS


FILE = as_file(GRIDS).splitlines(keepends=True)


def damaged(number, before, after):
    lines = list(FILE)
    assert before in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(before, after)
    return b"".join(lines)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (damaged(3, b"GridSubmitted", b"Liked"), "line 3 is no event; expected an object"),
        (damaged(4, b"beach", b"\\ud800"), "line 4.keywords[0] is "),
        (damaged(4, b'"stage": 0', b'"stage": -1'), "line 4.stage is -1; expected greater"),
        (damaged(5, b"}", b""), "line 5 is not valid JSON: "),
        (damaged(6, b"epic", b"\xff"), "line 6 is not valid JSON: "),
        (damaged(1, b"1.1", b"7"), "line 1: the version is not '1.1'"),
        (damaged(1, b"events", b"lines"), "line 1 does not say how many events"),
        (b"".join(FILE[:-1]), "line 1 promises 5 events, but there are 4."),
        (b"".join([*FILE, FILE[-1]]), "line 1 promises 5 events, but there are 6."),
        (b"".join([*FILE[:-1], FILE[1]]), "The event 'event-b0' stands in the document more than"),
        (b"".join(FILE[1:]), "line 1 is no header of preferences."),
        (b"{", "line 1 is not valid JSON: "),
        (b"", "line 1 is not valid JSON: "),
    ],
    ids=range(13),
)
def test_a_damaged_file_is_refused_with_the_line(file, message):
    with pytest.raises(InvalidInput) as refused:
        read_lines(file)
    assert str(refused.value).startswith(message)
