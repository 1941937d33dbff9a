"""WebSocket messages become values, whatever arrives."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_app.fleet import wire

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
kinds = st.sampled_from(
    ["status", "executing", "progress", "execution_success", "execution_error", "preview"]
)


def event(kind: str, **data: object) -> str:
    return json.dumps({"type": kind, "data": data})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (event("executing", prompt_id="p", node="3"), wire.NodeStarted("p", "3")),
        (event("executing", node="3"), wire.NodeStarted(None, "3")),
        (event("executing", prompt_id="p", node=None), wire.PromptEnded("p", "done")),
        (event("execution_success", prompt_id="p"), wire.PromptEnded("p", "success")),
        (event("execution_error", prompt_id="p"), wire.PromptEnded("p", "error")),
        (event("execution_interrupted", prompt_id="p"), wire.PromptEnded("p", "interrupted")),
        (event("progress", prompt_id="p", value=2, max=20), wire.SamplerStep("p", 2, 20)),
        (event("progress", prompt_id="p", value=2, max=0), None),
        (event("something_new", prompt_id="p"), None),
        ("not json", None),
        ("[" * 100_000, None),
    ],
)
def test_an_event_is_understood_or_passed_over(text, expected):
    assert wire.parse(text) == expected


@given(st.text(min_size=1), st.sampled_from(["image/jpeg", "image/png"]), st.binary())
def test_a_preview_with_metadata_keeps_its_prompt_and_its_bytes(prompt_id, mime, picture):
    label = json.dumps({"prompt_id": prompt_id, "image_type": mime, "node_id": "3"}).encode()
    message = struct.pack(">II", 4, len(label)) + label + picture
    assert wire.parse(message) == wire.Preview(prompt_id, mime, picture)


@given(st.sampled_from([(1, "image/jpeg"), (2, "image/png")]), st.binary())
def test_a_preview_without_metadata_belongs_to_nobody(numbered, picture):
    number, mime = numbered
    message = struct.pack(">II", 1, number) + picture
    assert wire.parse(message) == wire.Preview(None, mime, picture)


@given(st.binary() | st.text() | st.binary().map(lambda b: b"\0\0\0\4" + b))
def test_garbage_never_raises(message):
    wire.parse(message)


@given(kinds, json_values)
def test_events_of_any_shape_never_raise(kind, data):
    wire.parse(json.dumps({"type": kind, "data": data}))


@given(kinds, st.dictionaries(st.sampled_from(["prompt_id", "node", "value", "max"]), json_values))
def test_events_with_known_fields_of_any_type_never_raise(kind, data):
    wire.parse(json.dumps({"type": kind, "data": data}))
