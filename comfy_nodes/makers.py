"""What made the picture that arrives at a node of the running graph."""

from __future__ import annotations

from vibes.catalog import Catalog, ModelKind
from vibes.catalog.names import canonical, stem
from vibes.errors import VibesError
from vibes.prompts.graphs import Graph
from vibes.recipes import Candidate, LoraUse
from vibes.workflows import Making, read_making

from .made import recall


def making_at(graph: Graph | None, node_id: str | None) -> Making:
    """What is told by the graph and by what its nodes chose; models in this server's spelling."""
    return read_making(graph, node_id, recall) if graph and node_id else Making()


def in_catalog(candidate: Candidate, catalog: Catalog) -> Candidate:
    """The same by the names of the catalog; what it does not hold keeps its own."""
    loras = (LoraUse(_named(catalog, "lora", use.name), use.strength) for use in candidate.loras)
    return Candidate(_named(catalog, "checkpoint", candidate.checkpoint), tuple(loras))


def about(candidate: Candidate) -> str:
    """The models in a few words: ``epicrealismXL · add_detail 0.7``."""
    loras = (f"{stem(use.name)} {use.strength:g}" for use in candidate.loras)
    return " · ".join((stem(candidate.checkpoint), *loras))


def _named(catalog: Catalog, kind: ModelKind, name: str) -> str:
    try:
        return catalog.resolve(kind, name).name
    except VibesError:  # a file of another folder, or one that went away
        return canonical(name)
