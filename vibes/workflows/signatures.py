"""What a part of a graph computes, as one short text: the same part under other ids is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .template import is_link

_MISSING = "missing"
"""Stands for a node that is linked and not there."""
_LOOP = "loop"
"""Stands for a node that is an ancestor of its own: no server runs such a graph."""


def signature(graph: Mapping[str, Any], node_id: str) -> str:
    """SHA-256 in hex of the node's class, its constants and everything it is made from.

    ``graph`` is in API format. Ids, titles and the order of inputs do not count, nor does whatever
    the node does not depend on. Raises KeyError where there is no such node.
    """
    known: dict[str, str] = {}
    waiting, opened = [node_id], set()
    while waiting:
        one = waiting[-1]
        missing = [origin for origin in _origins(graph, one) if origin not in known]
        if missing and one not in opened:
            opened.add(one)
            waiting += (origin for origin in missing if origin in graph and origin not in opened)
            continue
        known[one] = _digest(graph, one, known)
        waiting.pop()
    return known[node_id]


def _origins(graph: Mapping[str, Any], node_id: str) -> list[str]:
    return [value[0] for value in graph[node_id]["inputs"].values() if is_link(value)]


def _digest(graph: Mapping[str, Any], node_id: str, known: Mapping[str, str]) -> str:
    node = graph[node_id]
    inputs = {name: _made_of(graph, value, known) for name, value in node["inputs"].items()}
    text = json.dumps([node["class_type"], inputs], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _made_of(graph: Mapping[str, Any], value: object, known: Mapping[str, str]) -> list[object]:
    """An input: a constant, or what it is linked to and which of its outputs."""
    if not is_link(value):
        return [value]
    origin, output = value
    return [known.get(origin, _LOOP if origin in graph else _MISSING), output]
