"""What choosing nodes remember for the nodes behind them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from comfy_nodes import made
from comfy_nodes.made import Chosen, recall, remember
from vibes.recipes import LoraUse

CHOSEN = Chosen("epicrealism.safetensors", (LoraUse("add_detail.safetensors", 0.7),))


@pytest.fixture(autouse=True)
def nothing_made() -> Iterator[None]:
    made._chosen.clear()
    yield
    made._chosen.clear()


def pool(node_id: str = "1", **inputs: Any) -> dict[str, Any]:
    return {node_id: {"class_type": "VibesCheckpointPool", "inputs": {"seed": 1, **inputs}}}


def test_the_same_part_of_another_graph_is_recalled_and_another_is_not() -> None:
    remember(pool(), "1", CHOSEN)
    assert recall(pool("17"), "17") == CHOSEN
    assert recall(pool(seed=2), "1") is None
    assert recall(pool(), "2") is None


def test_the_last_choice_counts() -> None:
    remember(pool(), "1", CHOSEN)
    remember(pool(), "1", Chosen(None))
    assert recall(pool(), "1") == Chosen(None)


def test_a_node_of_no_graph_has_nobody_to_tell() -> None:
    remember(None, None, CHOSEN)
    remember(pool(), None, CHOSEN)
    remember(pool(), "5.0.0.1", CHOSEN)
    assert not made._chosen


def test_what_is_used_stays_and_what_is_not_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST", 2)
    for seed in (1, 2):
        remember(pool(seed=seed), "1", CHOSEN)
    recall(pool(seed=1), "1")
    remember(pool(seed=3), "1", CHOSEN)
    assert [recall(pool(seed=seed), "1") for seed in (1, 2, 3)] == [CHOSEN, None, CHOSEN]


def test_several_threads_remember_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST", 10)

    def work(seed: int) -> None:
        remember(pool(seed=seed % 25), "1", CHOSEN)
        recall(pool(seed=seed % 7), "1")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(2000)))
    assert len(made._chosen) == 10
