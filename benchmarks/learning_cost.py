"""What learning costs after a million images: ``python -m benchmarks.learning_cost [--json]``.

rebuild     grids folded per second, statistics and all, from events in memory
propose     a grid of 20 over 10 checkpoints and 1,000 LoRAs
statistics  the slowest of the best rows of a type, and of the largest learned effects of a kind
dashboard   the slowest view of the dashboards, each worked out anew
update      one submitted grid
write       one outcome into the database, with its grid, through the store's thread

All but the last are seconds of one processor, so that another program's load leaves no trace.
The studio keeps views for as long as nothing is learned: their cost is paid once a grid.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from operator import ge, le
from pathlib import Path
from typing import Any

import numpy as np

from companion_app.studio.changes import recent_changes
from companion_app.studio.curves import pairs_together, strength_curves
from companion_app.studio.dashboard import effect_view
from companion_app.studio.findings import findings
from companion_app.studio.heatmaps import heat_map
from companion_app.studio.intentions import intention
from companion_app.studio.projection import EVERYONE, Projection
from companion_app.studio.readings import Readings
from vibes.preferences import TYPES, GridEvent, Taste, lesson
from vibes.preferences.offpolicy import compared
from vibes.prompts import topics
from vibes.stages import Grid, Session, submitted
from vibes.storage import Store, StoreThread

from .goals import Goals, finish, verdict
from .tastes.long_history import Studio, grid_of

GRIDS = 50_000
AT_ONCE = 1_000  # events in memory
ASKED = 300  # times each thing is measured
WRITES = 200
ANSWERS = 5  # to each question
TOP = 50
EFFECTS = ("checkpoint", "keyword_checkpoint", "lora", "keyword_lora", "checkpoint_lora")
PROFILE = "default"

Figures = dict[str, Any]

GOALS: Goals = {
    "rebuild_grids_per_second": (ge, 1_000),
    "propose_p99_ms": (le, 20),
    "update_ms": (le, 1.5),
    "statistics_ms": (le, 100),
    "effects_ms": (le, 100),
    "dashboard_ms": (le, 100),
    "write_ms": (le, 5),
}
"""Which figure must be at most, or at least, how much."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning_cost")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--grids", type=int, default=GRIDS, help="length of the history")
    options = parser.parse_args(arguments)
    learned = Learned(options.grids)
    found = _told(learned.figures)
    for name in options.only:
        found |= _told(MEASURES[name](learned))
    goals = verdict(found, GOALS)
    finish(found, goals, as_json=options.json)


def _told(figures: Figures) -> Figures:
    for name, value in figures.items():
        print(f"{name:34} {value}", flush=True)
    return figures


class Learned:
    """A history and what it adds up to; folding it is the first thing measured."""

    def __init__(self, grids: int):
        self.studio = Studio()
        self._told = 2 * GRIDS  # events told after the history; numbers name batches
        self.projection = Projection("taste", lambda: np.random.default_rng(1), clusters=topics())
        seconds = sum(self._fold(first, grids) for first in range(0, grids, AT_ONCE))
        policy = self.projection.policy(PROFILE)
        assert isinstance(policy, Taste)
        self.policy = policy
        self.figures: Figures = {
            "grids": grids,
            "outcomes": self.projection.statistics(EVERYONE).totals()["total_preferences"],
            "rebuild_grids_per_second": round(grids / seconds),
        }

    def answer(self, ask: Callable[[], object]) -> float:
        """Milliseconds of an answer, the median of several; before each something is learned."""
        taken = []
        for event in self.studio.events(ANSWERS, self._told):
            self._told += 1
            self.projection.add(replace(event, profile=PROFILE))
            taken.append(_seconds(ask))
        return _ms(float(np.median(taken)))

    def _fold(self, first: int, grids: int) -> float:
        """Seconds for the next grids; making the events up is not counted."""
        events = list(self.studio.events(min(AT_ONCE, grids - first), first))
        began = time.process_time()
        for event in events:
            self.projection.add(event)
        return time.process_time() - began


def measure_propose(learned: Learned) -> Figures:
    """For prompts as they come, under the limit of checkpoints as shipped."""
    studio, policy = learned.studio, learned.policy
    taken, chances = [], []
    for number in range(ASKED):
        prompt = studio.prompt()
        words, pool = studio.keywords(prompt), studio.pool(prompt)
        began = time.process_time()
        proposals = policy.propose(words, pool, 20)
        shown = time.process_time()
        taken.append(shown - began)
        if number % 30 == 0:  # worked out after the grid is on its way: no goal
            policy.propensities(words, pool, proposals)
            chances.append(time.process_time() - shown)
    return {**_spread("propose", taken), "propensities_ms": _ms(float(np.mean(chances)))}


def measure_statistics(learned: Learned) -> Figures:
    """Observed rates and learned effects, the best fifty of each kind.

    What is asked for the first time may take longer; after that each answer follows a new lesson.
    """
    statistics = learned.projection.statistics(PROFILE)
    counts = {kind: len(statistics.rows(kind)) for kind in TYPES}
    first = {kind: _ms(_seconds(partial(statistics.rows, kind, TOP))) for kind in TYPES}
    rows = {kind: learned.answer(partial(statistics.rows, kind, TOP)) for kind in TYPES}
    effects = {
        kind: learned.answer(partial(learned.policy.effects, kind, limit=TOP)) for kind in EFFECTS
    }
    return {
        "statistics_rows": counts,
        "statistics_first_ms_of": first,
        "statistics_ms": max(rows.values()),
        "statistics_ms_of": rows,
        "effects_ms": max(effects.values()),
        "effects_ms_of": effects,
    }


def measure_dashboard(learned: Learned) -> Figures:
    """Every view of the dashboards, of one profile."""
    statistics = learned.projection.statistics(PROFILE)
    chronicle = learned.projection.chronicle(PROFILE)
    prompt = learned.studio.prompt()
    words, pool = learned.studio.keywords(prompt), learned.studio.pool(prompt)

    def known() -> Readings:
        return Readings(statistics, learned.policy)

    views: Mapping[str, Callable[[], object]] = {
        "findings": lambda: findings(known()),
        "keyword_checkpoint": lambda: heat_map(known(), "keyword_checkpoint"),
        "keyword_lora": lambda: heat_map(known(), "keyword_lora"),
        "checkpoint_lora": lambda: heat_map(known(), "checkpoint_lora"),
        "strengths": lambda: strength_curves(known()),
        "pairs": lambda: pairs_together(known(), chronicle),
        "recent": lambda: recent_changes(known(), chronicle),
        "effect": lambda: effect_view(compared(chronicle.trials)),
        "would_choose": lambda: intention(learned.policy, words, pool, "explore"),
    }
    taken = {name: learned.answer(view) for name, view in views.items()}
    return {"dashboard_ms": max(taken.values()), "dashboard_ms_of": taken}


def measure_update(learned: Learned) -> Figures:
    """For grids that come after the history."""
    outcomes = [lesson(event) for event in learned.studio.events(ASKED, 5 * GRIDS)]
    taken = [_seconds(partial(learned.policy.update, o)) for o in outcomes if o is not None]
    return {"update_ms": _ms(float(np.mean(taken))), **_spread("update", taken)}


def measure_write(learned: Learned) -> Figures:
    """Grid and event in one transaction, as when the user goes on."""
    taken = asyncio.run(_written(learned.studio))
    return {"write_ms": _ms(float(np.mean(taken))), **_spread("write", taken)}


MEASURES: Mapping[str, Callable[[Learned], Figures]] = {
    "propose": measure_propose,
    "statistics": measure_statistics,
    "dashboard": measure_dashboard,
    "update": measure_update,
    "write": measure_write,
}


async def _written(studio: Studio) -> list[float]:
    """Seconds that each outcome took."""
    with tempfile.TemporaryDirectory() as folder:
        thread = StoreThread(Path(folder))
        try:
            events = studio.events(WRITES, 10 * GRIDS)
            return [await _write(thread, grid_of(event), event) for event in events]
        finally:
            thread.close()


async def _write(thread: StoreThread, grid: Grid, event: GridEvent) -> float:
    def prepare(store: Store) -> None:
        store.profiles.ensure(event.profile, event.time)
        session = Session(
            id=grid.session_id,
            name="benchmark",
            flow="draft_grid",
            profile=event.profile,
            created=event.time,
        )
        store.sessions.add(session)
        store.grids.add(grid)

    def write(store: Store) -> None:
        with store.atomic():
            store.grids.leave(submitted(grid))
            store.events.append([event])

    await thread.run(prepare)
    began = time.perf_counter()
    await thread.run(write)
    return time.perf_counter() - began


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _spread(name: str, seconds: list[float]) -> Figures:
    p50, p99 = np.quantile(seconds, [0.5, 0.99])
    return {f"{name}_p50_ms": _ms(float(p50)), f"{name}_p99_ms": _ms(float(p99))}


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


if __name__ == "__main__":
    main()
