"""Preferences as JSON Lines, for histories too long for one document: a header, then the events.

One event a line, as ``Event.to_dict`` gives it, in the order in which they are to be learned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vibes.errors import InvalidInput

from .event_json import event_from_json
from .events import Event
from .portable import refuse_twins

VERSION = "1.1"
_TYPE = "header"


def header(events: int) -> dict[str, Any]:
    """The first line's content; ``events`` is how many lines follow."""
    return {"type": _TYPE, "version": VERSION, "events": events}


def is_lines(body: bytes) -> bool:
    """Whether this is JSON Lines and not one document: the first line tells, and says it is one."""
    first = body.lstrip()[: 2 * len('{"type":"header"')]
    return first.replace(b" ", b"").startswith(b'{"type":"header"')


def read_lines(body: bytes) -> list[Event]:
    """The events of a whole file; InvalidInput names the line that is wrong, and what is."""
    lines = _numbered(body)
    _, first = next(lines, (1, b""))
    promised = _promised(first)
    events = [event_from_json(line, place=f"line {number}") for number, line in lines]
    if len(events) != promised:
        raise InvalidInput(f"line 1 promises {promised} events, but there are {len(events)}.")
    refuse_twins(event.id for event in events)
    return events


def split_lines(body: bytes, size: int) -> Iterator[bytes]:
    """The same events as several files of about ``size`` bytes, none without an event."""
    lines = _numbered(body)
    next(lines, None)
    part: list[bytes] = []
    length = 0
    for _, line in lines:
        if part and length + len(line) > size:
            yield _file(part)
            part, length = [], 0
        part.append(line)
        length += len(line)
    if part:
        yield _file(part)


def _file(lines: list[bytes]) -> bytes:
    first = json.dumps(header(len(lines)), separators=(",", ":")).encode()
    return b"\n".join([first, *lines, b""])


def _numbered(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, each with its number."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _promised(line: bytes) -> int:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"line 1 is not valid JSON: {error}.") from error
    if not isinstance(told, Mapping) or told.get("type") != _TYPE:
        raise InvalidInput("line 1 is no header of preferences.")
    if told.get("version") != VERSION:
        raise InvalidInput(f"line 1: the version is not '{VERSION}', the one that can be read.")
    if type(told.get("events")) is not int:
        raise InvalidInput("line 1 does not say how many events there are.")
    return int(told["events"])
