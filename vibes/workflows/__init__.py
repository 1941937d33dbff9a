"""Graphs: a template and a recipe in, what a ComfyUI server runs out. Nothing is sent here."""

from __future__ import annotations

from .build import (
    NO_SCORE_MODEL,
    PACK_LORA,
    PACK_SAVE,
    PACK_SCORE,
    SCORE_MODEL,
    Graph,
    Scoring,
    build_graph,
    graph_hash,
)
from .chosen import Chosen, Recall
from .constants import Constants, constants_of
from .infotext import infotext
from .lora_list import format_loras, parse_loras
from .making import Making, read_making
from .record import (
    Record,
    RecordedLora,
    read_record,
    record_of_making,
    record_of_recipe,
)
from .registry import Templates
from .signatures import signature
from .template import Slot, Template, load_template, required_nodes, template_names

__all__ = [
    "NO_SCORE_MODEL",
    "PACK_LORA",
    "PACK_SAVE",
    "PACK_SCORE",
    "SCORE_MODEL",
    "Chosen",
    "Constants",
    "Graph",
    "Making",
    "Recall",
    "Record",
    "RecordedLora",
    "Scoring",
    "Slot",
    "Template",
    "Templates",
    "build_graph",
    "constants_of",
    "format_loras",
    "graph_hash",
    "infotext",
    "load_template",
    "parse_loras",
    "read_making",
    "read_record",
    "record_of_making",
    "record_of_recipe",
    "required_nodes",
    "signature",
    "template_names",
]
