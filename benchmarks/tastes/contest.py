"""Many users at once: their runs, spread over processes, and what they add up to."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np

from .players import PLAYERS
from .runs import Run, Variant, run_user
from .world import Floats

TUNING = tuple(range(1000, 1100))
"""Seeds for trying things out."""

REPORTING = tuple(range(9000, 9100))
"""Seeds nothing was ever tuned on: what the benchmark reports."""

HORIZONS = (5, 10, 30, 100)

Runs = Mapping[str, Sequence[Run]]
"""Player to its runs, one per user, in the same order for all players."""

T = TypeVar("T")


def spread(work: Callable[[int], T], seeds: Iterable[int], processes: int) -> list[T]:
    """``work`` done for every seed, in their order."""
    # One thread each: the matrices are too small to share among more.
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return list(pool.map(work, seeds))


def contest(
    players: Sequence[str], variant: Variant, grids: int, seeds: Sequence[int], processes: int = 2
) -> Runs:
    """Everybody with every user."""
    found = spread(partial(_one, tuple(players), variant, grids), seeds, processes)
    return {name: [runs[name] for runs in found] for name in players}


def _one(players: Sequence[str], variant: Variant, grids: int, seed: int) -> dict[str, Run]:
    return run_user(seed, {name: PLAYERS[name] for name in players}, variant, grids)


def cumulated(runs: Sequence[Run]) -> Floats:
    """Regret up to and with each grid, for every user [users, grids]."""
    return np.cumsum([run.regret for run in runs], axis=1)


def figures(runs: Runs, against: str) -> dict[str, Any]:
    """Means over users at every horizon, with standard errors, and the pairs' differences.

    ``last_ten`` is the regret a grid has in the end.
    """
    grids = len(next(iter(runs.values()))[0].regret)
    horizons = [horizon for horizon in HORIZONS if horizon <= grids]
    at = np.array(horizons) - 1
    found: dict[str, Any] = {}
    base = cumulated(runs[against])[:, at] if against in runs else None
    for name, own in runs.items():
        regret = cumulated(own)[:, at]
        found[name] = {
            "regret": _by(horizons, regret.mean(0)),
            "se": _by(horizons, _error(regret)),
            "last_ten": round(float(np.mean([run.regret[-10:].mean() for run in own])), 2),
            "rejected": round(float(np.mean([run.rejected.mean() for run in own])), 3),
            "propose_ms": round(float(np.mean([run.propose_ms for run in own])), 2),
            "update_ms": round(float(np.mean([run.update_ms for run in own])), 2),
        }
        if base is not None and name != against:
            more = regret - base
            found[name] |= {
                f"minus_{against}": _by(horizons, more.mean(0)),
                f"minus_{against}_se": _by(horizons, _error(more)),
                f"{against}_wins": _by(horizons, (more > 0).sum(0)),
            }
    return found


def _by(horizons: Sequence[int], values: Iterable[float]) -> dict[str, float]:
    return {str(h): round(float(value), 2) for h, value in zip(horizons, values, strict=True)}


def _error(values: Floats) -> Floats:
    """Standard error of the mean over users."""
    if len(values) < 2:
        return np.zeros(values.shape[1])
    return np.asarray(values.std(0, ddof=1) / np.sqrt(len(values)))
