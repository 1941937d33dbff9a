"""Whatever a file holds, it is a workflow or it is refused: nothing else ever comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.marked import editor_file, with_markers
from vibes.errors import InvalidInput
from vibes.workflows.compile import classes_of, compile_workflow
from vibes.workflows.editor import Widgets, editor_graph, read_editor, widget_order
from vibes.workflows.markers import without_markers
from vibes.workflows.template import to_template

STARTS = {
    "a graph": with_markers("refine"),
    "the example": editor_file("your-own-workflow"),
    "an editor's file": editor_file("draft"),
}
LEAVES = st.one_of(
    *(
        st.none(),
        st.booleans(),
        st.integers(-2, 20),
        st.floats(allow_nan=False),
        st.text(max_size=3),
    ),
    *(st.sampled_from(["1", "seed", "VibesStudioInput", "Reroute", "PrimitiveNode", "KSampler"]),),
    st.just(["1", 0]),
)
JSON = st.recursive(
    LEAVES,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(["1", "link"]), below, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in list(items):
        yield value, key
        if isinstance(below, dict | list):
            yield from places(below)


@pytest.mark.parametrize("start", STARTS)
@given(data=st.data())
def test_a_file_with_anything_anywhere_is_a_template_or_refused(
    start: str, data: st.DataObject
) -> None:
    workflow = json.loads(json.dumps(STARTS[start]))
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(places(workflow))
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        container[key] = json.loads(json.dumps(data.draw(JSON)))  # no drawn list twice
    try:
        classes_of(workflow)
        template = to_template("own", compile_workflow(workflow))
        without_markers(template.graph)
    except InvalidInput:
        pass  # refused: that is what is allowed beside a template


def test_of_faults_without_end_a_page_full_is_told() -> None:
    graph = with_markers("draft")
    links = {f"input {number}": ["gone", 0] for number in range(1000)}
    graph["x"] = {"class_type": "X", "inputs": links, "_meta": {"title": "T" * 100_000}}
    graph |= {f"out {number}": graph["7"] for number in range(1000)}
    workflow = editor_file("your-own-workflow")
    unknown = [{"id": f"{number}", "type": "X" * 10_000} for number in range(1000)]
    workflow["nodes"] += unknown
    for marked in (graph, workflow):
        with pytest.raises(InvalidInput) as refused:
            compile_workflow(marked)
        assert len(str(refused.value)) < 12_000
        assert "more in the way" in str(refused.value)


def test_long_chains_and_circles_of_reroutes_are_looked_through_once() -> None:
    count = 10_000
    nodes = [
        {"id": number, "type": "Reroute", "inputs": [{"name": "", "link": number}]}
        for number in range(1, count)
    ]
    sockets = [{"name": f"in {number}", "link": count + number} for number in range(count)]
    nodes += [{"id": 0, "type": "Load"}, {"id": count, "type": "Save", "inputs": sockets}]
    links = [[number, number - 1, 0, number, 0, "*"] for number in range(1, count)]
    links += [[count + number, count - 1, 0, count, number, "*"] for number in range(count)]
    classes: Widgets = {"Load": (), "Save": ()}
    workflow = {"nodes": nodes, "links": links}
    inputs = editor_graph(read_editor(workflow), classes)[str(count)]["inputs"]
    assert list(inputs.values()) == [["0", 0]] * count
    links[0] = [1, count - 1, 0, 1, 0, "*"]  # the first comes from the last
    assert editor_graph(read_editor(workflow), classes)[str(count)]["inputs"] == {}


@given(JSON)
def test_a_server_that_defines_a_class_as_anything_does_no_harm(told: Any) -> None:
    for definition in (told, {"input": told}, {"input": {"required": told}, "input_order": told}):
        if isinstance(definition, dict):
            assert all(name is None or isinstance(name, str) for name in widget_order(definition))
