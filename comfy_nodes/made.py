"""What choosing nodes chose here, so that nodes behind them can tell what made a picture.

A node that ComfyUI took from its cache does not run again. What it chose is found by what it was
made from, not by its id: the same part of a graph chose the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from vibes.workflows import Chosen, signature

__all__ = ["Chosen", "recall", "remember"]

MOST = 4_000
"""Choices that are remembered; those used longest ago are forgotten first."""

_chosen: OrderedDict[str, Chosen] = OrderedDict()
_lock = Lock()


def remember(graph: Mapping[str, Any] | None, node_id: str | None, chosen: Chosen) -> None:
    """Keep what a node of the running graph chose; a node of no graph has nobody to tell.

    ``graph`` and ``node_id`` are ComfyUI's hidden ``prompt`` and ``unique_id``.
    """
    if not graph or node_id is None or node_id not in graph:
        return
    key = signature(graph, node_id)
    with _lock:
        _chosen[key] = chosen
        _chosen.move_to_end(key)
        while len(_chosen) > MOST:
            _chosen.popitem(last=False)


def recall(graph: Mapping[str, Any], node_id: str) -> Chosen | None:
    """What the node chose when it, or the same part of another graph, last ran."""
    if node_id not in graph:
        return None
    key = signature(graph, node_id)
    with _lock:
        found = _chosen.get(key)
        if found is not None:
            _chosen.move_to_end(key)
    return found
