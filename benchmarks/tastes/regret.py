"""The contests the benchmark reports, and the figures its goals are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .contest import HORIZONS, Runs, contest, cumulated, figures
from .runs import Variant
from .users import Habits
from .world import World

RATES = ("selection_rate", "selection_rate_6")  # the variants of the rule; the better one counts

PEERS = ("lints", "linucb")
MAIN = ("random", *RATES, "taste", "taste_3", "taste_unclustered", "oracle", *PEERS)
WARM = ("taste_prior", "taste_others", "selection_rate_others")
SIDE = ("selection_rate", "taste")

VARIANTS: Mapping[str, Variant] = {
    "relevance": Variant(),
    "without": Variant(relevance=False),
    "noisy": Variant(habits=Habits(noise=2.0, lapses=0.25)),
    "drifting": Variant(relevance=False, converted_at=50),
    "funnel": Variant(funnel=True),
}
"""Relevance is left out where tastes are replaced: nobody's metadata would be right for both."""


@dataclass(frozen=True)
class Cast:
    """Whom to measure with: the users of these worlds, by so many processes."""

    seeds: Sequence[int]
    side_seeds: Sequence[int]
    processes: int
    grids: int = 100


def measure_relevance(cast: Cast) -> dict[str, Any]:
    """Everybody, in cold start, with relevance."""
    runs = contest(MAIN, VARIANTS["relevance"], cast.grids, cast.seeds, cast.processes)
    found: dict[str, Any] = {
        "relevance_correlation": _correlations(cast.seeds),
        **_ratios("regret_vs_selection_rate", runs, "taste", RATES),
        **_ratios("three_vs_selection_rate", runs, "taste_3", ("selection_rate",)),
        **_ratios("unclustered_vs_selection_rate", runs, "taste_unclustered", RATES),
        **_ratios("regret_vs_random", runs, "taste", ("random",)),
    }
    for peer in PEERS:
        found |= _better(peer, runs)
    return {**found, "contest_relevance": figures(runs, "taste")}


def measure_without(cast: Cast) -> dict[str, Any]:
    """Without relevance."""
    runs = contest((*RATES, "taste"), VARIANTS["without"], cast.grids, cast.seeds, cast.processes)
    return {
        **_ratios("without_vs_selection_rate", runs, "taste", RATES),
        "contest_without": figures(runs, "taste"),
    }


def measure_warm(cast: Cast) -> dict[str, Any]:
    """First grids where others have taught something; the rule starts cold, as shipped, or warm."""
    players = (*RATES, *WARM)
    runs = contest(players, VARIANTS["relevance"], 10, cast.seeds, cast.processes)
    return {
        **_ratios("with_prior", runs, "taste_prior", RATES),
        **_ratios("with_others", runs, "taste_others", RATES),
        **_ratios("with_others_vs_warm_rates", runs, "taste_others", ("selection_rate_others",)),
        "contest_warm": figures(runs, "taste_others"),
    }


def measure_side(cast: Cast) -> dict[str, Any]:
    """Harder users, users who change, and users of the whole funnel."""
    found: dict[str, Any] = {}
    for name in ("noisy", "drifting", "funnel"):
        runs = contest(SIDE, VARIANTS[name], cast.grids, cast.side_seeds, cast.processes)
        found |= _ratios(f"{name}_vs_selection_rate", runs, "taste", ("selection_rate",))
        found[f"contest_{name}"] = figures(runs, "taste")
    return found


def _correlations(seeds: Sequence[int]) -> dict[str, float]:
    """Of relevance with true effects, over the worlds of these seeds."""
    rng = np.random.default_rng(0)
    found = [World(seed).relevance_correlation(rng) for seed in seeds]
    return {
        "mean": round(float(np.mean(found)), 3),
        "min": round(min(found), 3),
        "max": round(max(found), 3),
    }


def _ratios(
    name: str, runs: Runs, player: str, others: Sequence[str], horizons: Sequence[int] = HORIZONS
) -> dict[str, float]:
    """Regret of the player over that of the best of the others, at every horizon reached."""
    own = cumulated(runs[player]).mean(0)
    best = np.min([cumulated(runs[other]).mean(0) for other in others], axis=0)
    return {
        f"{name}_{h}": round(float(own[h - 1] / best[h - 1]), 3) for h in horizons if h <= len(own)
    }


def _better(peer: str, runs: Runs) -> dict[str, float]:
    """By how much regret taste is surely better: the lower end of the paired 95 % interval."""
    more = cumulated(runs[peer]) - cumulated(runs["taste"])
    error = more.std(0, ddof=1) / np.sqrt(len(more))
    lower = more.mean(0) - 2.07 * error  # t for 24 users
    return {
        f"better_than_{peer}_{h}": round(float(lower[h - 1]), 1)
        for h in HORIZONS
        if h <= len(lower)
    }
