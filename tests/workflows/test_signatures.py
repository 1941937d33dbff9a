from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.workflows import signature

Graph = dict[str, Any]


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


GRAPH: Graph = {
    "1": node("Pool", prompt="a beach", seed=3),
    "2": node("AutoLora", model=["1", 0], clip=["1", 1], mode="auto"),
    "3": node("Text", clip=["2", 1], text="a beach"),
    "4": node("Sampler", model=["2", 0], positive=["3", 0], seed=5),
}


@given(st.permutations(sorted(GRAPH)), st.permutations(["10", "11", "a:1", "7"]))
def test_neither_ids_nor_the_order_of_nodes_count(order: list[str], ids: list[str]) -> None:
    renamed = dict(zip(sorted(GRAPH), ids, strict=True))
    other = {
        renamed[key]: node(
            GRAPH[key]["class_type"],
            **{
                name: [renamed[value[0]], value[1]] if isinstance(value, list) else value
                for name, value in reversed(GRAPH[key]["inputs"].items())
            },
        )
        for key in order
    }
    for key in GRAPH:
        assert signature(other, renamed[key]) == signature(GRAPH, key)


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("1", "prompt", "a beech"),
        ("1", "seed", "3"),
        ("2", "clip", ["1", 0]),
        ("2", "mode", ["1", 3]),
        ("2", "more", True),
    ],
)
def test_every_constant_and_every_link_before_a_node_counts(
    where: str, name: str, value: object
) -> None:
    other = copy.deepcopy(GRAPH)
    other[where]["inputs"][name] = value
    assert signature(other, "4") != signature(GRAPH, "4")


def test_what_a_node_does_not_depend_on_and_what_others_noted_in_it_do_not_count() -> None:
    other = copy.deepcopy(GRAPH)
    other["4"]["inputs"]["seed"] = 6
    other["9"] = node("Preview", images=["4", 0])
    other["2"] |= {"is_changed": ["x"], "_meta": {"title": "mine"}}
    assert signature(other, "2") == signature(GRAPH, "2")


def test_a_chain_of_thousands_a_loop_and_a_missing_node_have_signatures() -> None:
    chain = {"0": node("Start")} | {
        str(n): node("Next", a=[str(n - 1), 0], b=[str(n - 1), 1]) for n in range(1, 5000)
    }
    loop = {"1": node("A", x=["2", 0]), "2": node("B", x=["1", 0], y=["gone", 0])}
    found = {signature(chain, "4999"), signature(loop, "1"), signature(loop, "2")}
    assert len(found) == 3
