"""The fleet against its goals: ``python -m benchmarks.fleet [--json] [--only NAME …]``.

makespan     the placement in virtual time, against the best schedule found with hindsight
naive        60 images over two checkpoints, against posting them to two servers in turn
coordinator  what an image costs a whole studio whose servers take no time
servers      256 simulated servers and 20,000 jobs: memory, and how long a job waits
recovery     from the death of a server to its image being made by another

Together they take under five minutes on two cores that have nothing else to do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from operator import ge, le
from typing import Any

from .goals import Goals, finish, verdict

Figures = dict[str, Any]

GOALS: Goals = {
    "makespan_ratio": (le, 1.05),
    "naive_speedup": (ge, 3),
    "coordinator_ms_per_image": (le, 5),
    "images_per_second": (ge, 100),
    "servers_growth_mb": (le, 20),
    "servers_seconds": (le, 90),
    "starved_jobs": (le, 0),
    "recovery_seconds": (le, 5),
}
"""Which figure must be at most, or at least, how much."""


def measure_makespan() -> Figures:
    """1,000 images on servers of unknown speeds, in virtual time."""
    from .virtual_fleet import makespan

    return dict(makespan())


def measure_naive() -> Figures:
    """Two ComfyUI servers, real ones where there are any."""
    from .naive import measure

    return measure()


def measure_coordinator() -> Figures:
    """One whole studio."""
    from .coordinator import measure

    return measure()


def measure_servers() -> Figures:
    """Many servers made of timers."""
    from .simulated import measure

    return measure()


def measure_recovery() -> Figures:
    """Two servers, of which one is killed."""
    from .recovery import measure

    return measure()


# Each imports what it needs itself: the others' servers and libraries would be in its way.
MEASURES: Mapping[str, Callable[[], Figures]] = {
    "makespan": measure_makespan,
    "naive": measure_naive,
    "coordinator": measure_coordinator,
    "servers": measure_servers,
    "recovery": measure_recovery,
}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    options = parser.parse_args(arguments)
    figures: Figures = {}
    for name in options.only:
        print(f"— {name}", flush=True)
        found = MEASURES[name]()
        for figure, value in found.items():
            print(f"{figure:34} {value}", flush=True)
        figures |= found
    goals = verdict(figures, GOALS)
    finish(figures, goals, as_json=options.json)


if __name__ == "__main__":
    main()
