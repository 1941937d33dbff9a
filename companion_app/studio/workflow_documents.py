"""A workflow as a person brings it: a file of the graph editor, a graph in API format, a picture.

ComfyUI writes both forms into the pictures it makes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from vibes.errors import FaultyWorkflow
from vibes.scoring.embedded_texts import embedded_texts

MAX_DOCUMENT = 2 * 2**20
"""Bytes of a workflow; the largest have a tenth of it."""

_MOST_PARTS = 200_000  # values in a document; more would fill the memory when decoded
_STARTS = (b"\x89PNG\r\n\x1a\n", b"RIFF", b"\xff\xd8")


class Document(NamedTuple):
    """A workflow to be compiled, and the bytes by which the graph editor opens it again."""

    workflow: dict[str, Any]
    file: bytes


def read_document(data: bytes) -> Document:
    """What was brought; raises FaultyWorkflow where it is no workflow."""
    if not data.startswith(_STARTS):
        return Document(_decoded(data, _no_number), data)
    texts = embedded_texts(data)
    if "prompt" not in texts:
        raise FaultyWorkflow(
            ["This picture does not carry its workflow: bring one that ComfyUI saved, unchanged."]
        )
    graph = _decoded(_encoded(texts["prompt"]), _no_value)
    return Document(
        graph, _shown(_encoded(texts.get("workflow", ""))) or json.dumps(graph).encode()
    )


def _shown(data: bytes) -> bytes:
    """The editor's own file in a picture; nothing where it is damaged or too long."""
    try:
        _decoded(data, _no_number)
    except FaultyWorkflow:
        return b""
    return data


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _decoded(data: bytes, constant: Callable[[str], None]) -> dict[str, Any]:
    if len(data) > MAX_DOCUMENT or sum(map(data.count, b",[{")) > _MOST_PARTS:
        raise FaultyWorkflow(
            [f"A workflow may hold at most {MAX_DOCUMENT >> 20} MiB and {_MOST_PARTS} values."]
        )
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=constant)
        json.dumps(found, ensure_ascii=False).encode()  # half characters are no text
    except (ValueError, RecursionError) as error:
        raise FaultyWorkflow(["This is neither JSON nor a picture that ComfyUI made."]) from error
    if not isinstance(found, dict):
        raise FaultyWorkflow(["This JSON holds no workflow."])
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _no_value(_: str) -> None:
    """ComfyUI writes NaN into pictures, beside a node that is to run each time."""
