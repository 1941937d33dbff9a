"""A policy's state as JSON: exact, data only, refused where it is damaged."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .evidence import LAM, SEEN, Block, Evidence
from .model import KINDS, NAMES
from .prior import Key, Prior
from .scales import Moments

_LARGEST = sys.float_info.max


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Its clock, and per feature its name and numbers, in an order of the content alone."""
    rows = [[list(key), *numbers.tolist()] for key, numbers in evidence.items()]
    return {"clock": evidence.clock, "features": rows}


def evidence_from(state: Mapping[str, Any]) -> Evidence:
    """Inverse of ``evidence_to_dict``; ValueError, TypeError or KeyError where it is damaged."""
    evidence = Evidence()
    evidence.clock = _finite(state["clock"])
    if not isinstance(state["features"], list):
        raise TypeError("features are a list")
    keys = [_key(key) for key, *_ in state["features"]]
    if len(set(keys)) < len(keys):
        raise ValueError("a feature stands twice")
    positions = evidence.intern([Block(key[:-1], [key[-1]]) for key in keys])
    if keys:
        rows = [list(map(_finite, numbers)) for _, *numbers in state["features"]]
        numbers = np.array(rows, dtype=np.float64)
        if numbers.shape[1] != 6 or (numbers[:, LAM:] < 0).any():
            raise ValueError("a feature has six numbers, none but the first below 0")
        if (numbers[:, SEEN] > evidence.clock).any():
            raise ValueError("a feature was seen in the future")
        evidence.write(positions, numbers)
    return evidence


def prior_to_rows(prior: Prior) -> list[list[Any]]:
    """[[kind, part, …], mean, variance] per feature, by name."""
    return [[list(key), *prior.features[key]] for key in sorted(prior.features)]


def prior_from(rows: list[list[Any]]) -> Prior:
    """Inverse of ``prior_to_rows``."""
    return Prior({_key(key): (_finite(mean), _finite(variance)) for key, mean, variance in rows})


def scales_to_dict(scales: Mapping[str, Moments]) -> dict[str, list[float]]:
    """Score name -> its moments."""
    return {
        name: [scale.origin, scale.count, scale.total, scale.squares]
        for name, scale in sorted(scales.items())
    }


def scales_from(data: Mapping[str, Any]) -> dict[str, Moments]:
    """Inverse of ``scales_to_dict``."""
    scales = {}
    for name, (origin, count, total, squares) in data.items():
        moments = Moments(_finite(origin), _finite(count), _finite(total), _finite(squares))
        if moments.count <= 0 or moments.squares < 0:
            raise ValueError(f"the scale of {name} cannot be")
        scales[str(name)] = moments
    return scales


def _key(parts: object) -> Key:
    if not isinstance(parts, list) or not parts or not all(isinstance(p, str) for p in parts):
        raise ValueError("a feature is named by strings")
    if parts[0] not in KINDS:
        raise ValueError(f"there is no kind of feature '{parts[0]}'")
    if len(parts) != 1 + NAMES[parts[0]]:
        raise ValueError(f"a feature of kind '{parts[0]}' has {NAMES[parts[0]]} names")
    if parts[0] == "strength" and not math.isfinite(float(parts[-1])):
        raise ValueError("strengths are finite")
    return tuple(parts)


def whole(number: object) -> int:
    """A whole number; ValueError for anything else."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError("a whole number was expected")
    return number


def _finite(number: object) -> float:
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise ValueError("a number was expected")
    if not abs(number) <= _LARGEST:
        raise ValueError("numbers are finite")
    return float(number)
