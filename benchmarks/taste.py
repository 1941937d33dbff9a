"""What learning is worth: ``python -m benchmarks.taste [--json] [--only NAME …]``.

relevance   everybody with the same users, cold, the pools naming LoRAs that seem to fit
without     the same without such names
warm        first grids where twenty other users taught the studio before
side        careless users, users whose taste is replaced, and users of the whole funnel
confidence  whether "high confidence" is right as often as it should be
rejection   what becomes of a checkpoint all of whose images were rejected
offpolicy   whether the off-policy intervals hold the truth

Regret is the expected utility of the best candidate minus the mean of those shown, probes included,
summed over grids. The selection-rate rule plays with three and with six checkpoints a grid; at each
horizon the better one is compared with. Being better than a peer means that the whole paired 95 %
interval is.

With three checkpoints a grid, as shipped, the rule is held to the same limit. There the second and
the third checkpoint have two images each, four of twenty that the free choice could give to the
best one. On tuning users the best is worth 0.7 more than those two, which makes 0.14 a grid and 14
in a hundred grids, 3 % of the rule's regret: the goals are those of the free choice
plus 0.03.

A benchmark of learning must not be learned by heart: ``--tuning`` plays on users the report never
sees, and there ``--policies`` and ``--variants`` choose a contest of one's own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from .goals import finish
from .tastes.confidence import measure_confidence
from .tastes.contest import REPORTING, TUNING, contest, figures
from .tastes.coverage import measure_coverage
from .tastes.peers import check_installed
from .tastes.players import PLAYERS
from .tastes.regret import (
    VARIANTS,
    Cast,
    measure_relevance,
    measure_side,
    measure_warm,
    measure_without,
)
from .tastes.rejection import measure_rejection

USERS = 24
SIDE_USERS = 12

Figures = dict[str, Any]

GOALS: Mapping[str, tuple[str, Callable[[Any, Any], bool], float]] = {
    "regret_vs_selection_rate_10": ("regret_vs_selection_rate_10", le, 0.75),
    "regret_vs_selection_rate_30": ("regret_vs_selection_rate_30", le, 0.65),
    "regret_vs_selection_rate_100": ("regret_vs_selection_rate_100", le, 0.55),
    "without_relevance_10": ("without_vs_selection_rate_10", le, 0.90),
    "without_relevance_30": ("without_vs_selection_rate_30", le, 0.74),
    "without_relevance_100": ("without_vs_selection_rate_100", le, 0.65),
    "with_prior_10": ("with_prior_10", le, 0.60),
    "three_checkpoints_30": ("three_vs_selection_rate_30", le, 0.68),
    "three_checkpoints_100": ("three_vs_selection_rate_100", le, 0.58),
    "better_than_lints_30": ("better_than_lints_30", gt, 0),
    "better_than_lints_100": ("better_than_lints_100", gt, 0),
    "better_than_linucb_30": ("better_than_linucb_30", gt, 0),
    "better_than_linucb_100": ("better_than_linucb_100", gt, 0),
    "offpolicy_coverage": ("offpolicy_coverage", ge, 90),
    "high_confidence_right": ("high_confidence_right", ge, 0.90),
    "rejected_checkpoint_shown_less": ("rejected_checkpoint_change_at_most", lt, 0),
}
"""Goal to its figure, and that it must be at most, at least, below or above what."""

MEASURES: Mapping[str, Callable[[Cast], Figures]] = {
    "relevance": measure_relevance,
    "without": measure_without,
    "warm": measure_warm,
    "side": measure_side,
    "confidence": lambda cast: measure_confidence(cast.seeds, cast.processes),
    "rejection": lambda cast: measure_rejection(cast.seeds, cast.processes),
    "offpolicy": lambda cast: measure_coverage(cast.seeds, cast.processes),
}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    options = _options(arguments)
    users = TUNING if options.tuning else REPORTING
    side = users[: min(SIDE_USERS, options.users)]
    cast = Cast(users[: options.users], side, options.processes, options.grids)
    if options.policies:
        _play_off(options, cast)
        return
    if "relevance" in options.only:
        check_installed()
    found: Figures = {"users": len(cast.seeds)}
    for name in options.only:
        print(f"— {name}", flush=True)
        measured = MEASURES[name](cast)
        _show(measured)
        found |= measured
    goals = verdict(found)
    finish(found, goals, as_json=options.json)


def verdict(found: Mapping[str, Any]) -> dict[str, bool]:
    """For every goal whose figure is there whether it is met; what was never said is not right."""
    return {
        goal: found[figure] is not None and compare(found[figure], bound)
        for goal, (figure, compare, bound) in GOALS.items()
        if figure in found
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.taste")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--tuning", action="store_true", help="play on users for trying things")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--grids", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--policies", help=f"some of {','.join(PLAYERS)}, on tuning users only")
    parser.add_argument("--variants", default="relevance", help=f"some of {','.join(VARIANTS)}")
    options = parser.parse_args(arguments)
    if options.policies and not options.tuning:
        parser.error("--policies goes with --tuning")
    return options


def _play_off(options: argparse.Namespace, cast: Cast) -> None:
    names = options.policies.split(",")
    for variant in options.variants.split(","):
        print(f"— {variant}", flush=True)
        runs = contest(names, VARIANTS[variant], cast.grids, cast.seeds, cast.processes)
        _show({f"contest_{variant}": figures(runs, "taste" if "taste" in names else names[0])})


def _show(found: Figures) -> None:
    for name, value in found.items():
        if name.startswith("contest_"):
            for player, row in value.items():
                print(f"  {player:21} " + "  ".join(f"{k} {_short(v)}" for k, v in row.items()))
        else:
            print(f"{name:34} {value}", flush=True)


def _short(value: Any) -> str:
    return "/".join(f"{one:g}" for one in value.values()) if isinstance(value, dict) else f"{value}"


if __name__ == "__main__":
    main()
