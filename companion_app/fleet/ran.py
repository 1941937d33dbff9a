"""Which models a server says made a picture, and what the studio calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from vibes.catalog.names import canonical
from vibes.recipes import Ran, RanModel

_MOST_LORAS = 100  # of one prompt
_LONGEST_NAME = 1000  # characters
_HEX = frozenset("0123456789abcdef")


def ran(shown: Iterable[object]) -> Ran | None:
    """What nodes of the pack report under ``vibes_files``, else under ``vibes_checkpoint``.

    In the server's spelling. None where no node tells; what has another shape is not there.
    """
    nodes = list(shown)
    told = _first(nodes, "vibes_files")
    named = _first(nodes, "vibes_checkpoint")
    loras = _get(told, "loras")
    found = Ran(
        _model(_get(told, "checkpoint")) or _model({"name": named}),
        _loras(loras) if isinstance(loras, list) else None,
    )
    return None if found == Ran() else found


def checkpoints(shown: Iterable[object]) -> frozenset[str]:
    """Every checkpoint that nodes of the pack say they loaded, in the server's spelling."""
    nodes = list(shown)
    reports = [_get(node, "vibes_checkpoint") for node in nodes]
    told = [_model({"name": name}) for report in reports for name in _listed(report)]
    made = ran(nodes)
    return frozenset(model.name for model in (*told, made and made.checkpoint) if model)


def in_catalog(told: Ran, names: Mapping[str, str], keys: Mapping[str, int] | None = None) -> Ran:
    """The same by catalog names: ``names`` gives them by the server's, and ``keys`` what changed.

    A model that is not among the names keeps the server's, with forward slashes.
    """

    def renamed(model: RanModel) -> RanModel:
        name = names.get(model.name, canonical(model.name))
        return replace(model, name=name, keys=(keys or {}).get(model.name))

    return Ran(
        told.checkpoint and renamed(told.checkpoint),
        None if told.loras is None else tuple(map(renamed, told.loras)),
    )


def _first(nodes: list[object], key: str) -> object:
    """The first entry of the first report under a key."""
    reports = (_get(node, key) for node in nodes)
    return next((report[0] for report in reports if isinstance(report, list) and report), None)


def _listed(report: object) -> list[object]:
    return report[:_MOST_LORAS] if isinstance(report, list) else []


def _loras(told: list[object]) -> tuple[RanModel, ...]:
    found = (_model(one) for one in told[:_MOST_LORAS])
    return tuple(model for model in found if model is not None)


def _model(told: object) -> RanModel | None:
    name, sha256, strength = (_get(told, key) for key in ("name", "sha256", "strength"))
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        return None
    is_number = isinstance(strength, int | float) and not isinstance(strength, bool)
    return RanModel(
        name,
        sha256 if _is_digest(sha256) else None,
        float(strength) if is_number and abs(strength) < 1000 else None,
    )


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= _HEX


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
