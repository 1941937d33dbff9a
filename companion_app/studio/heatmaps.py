"""Heat maps: how well every pairing of the best known words and models does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Literal

from vibes.preferences.reasons import spoken

from .phrases import reading_view, told
from .readings import Reading, Readings, sigmoid
from .views import View

MapKind = Literal["keyword_checkpoint", "keyword_lora", "checkpoint_lora"]
ROWS, COLUMNS = 24, 12

_AXES: Mapping[MapKind, tuple[str, str]] = {
    "keyword_checkpoint": ("keyword", "checkpoint"),
    "keyword_lora": ("keyword", "lora"),
    "checkpoint_lora": ("lora", "checkpoint"),
}
"""What the rows are, and what the columns: there are more words and LoRAs than checkpoints."""


def heat_map(known: Readings, kind: MapKind) -> View:
    """Rows and columns, most shown first; a cell is null where its pairing was never shown."""
    down, across = _AXES[kind]
    rows, columns = known.most_known(down, ROWS), known.most_known(across, COLUMNS)
    turned = kind == f"{across}_{down}"
    pairs = [(two, one) if turned else (one, two) for one, two in product(rows, columns)]
    cells = [_cell(kind, reading) for reading in known.of(kind, pairs)]
    return {
        "kind": kind,
        "usual": sigmoid(known.usual),
        "rows": {"what": down, "items": [_head(down, name) for name in rows]},
        "columns": {"what": across, "items": [_head(across, name) for name in columns]},
        "cells": [cells[i * len(columns) : (i + 1) * len(columns)] for i in range(len(rows))],
    }


def _head(what: str, name: str) -> View:
    return {"name": name, "label": name if what == "keyword" else spoken(name)}


def _cell(kind: str, reading: Reading) -> View | None:
    if not reading.count.total:
        return None
    return {**reading_view(reading), "sentence": told(kind, reading)}
