"""Whether the off-policy intervals hold the truth: many short logs of one policy, told by events.

The policy is ``taste`` after some grids, which then stops learning: for each of a few prompts it
proposes many grids, and logging draws among them, so the logged propensities are exact. The truth
is the pick rate in those very grids, each looked at many times; no propensity is used in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vibes.preferences import GridRejected, GridSubmitted, Proposal, ShownImage, Taste
from vibes.preferences.offpolicy import checkpoint_value, comparison

from .contest import spread
from .runs import Scene, Variant, play, scenes_of
from .users import COUNT, User
from .world import CHECKPOINTS, Floats

LEARNED = 15  # grids before learning stops
PROMPTS = 8
PROPOSED = 100  # grids per prompt
LOOKS = 60  # at each of these, for the truth
REPLICATIONS = 200
LOGGED = 60  # grids of a log
WORLDS = 4


@dataclass(frozen=True)
class Deck:
    """The grids of one prompt that logging draws from."""

    scene: Scene
    grids: Sequence[Sequence[Proposal]]
    worth: Floats  # [grids, images], expected utilities
    propensity: dict[str, float]  # checkpoint to its share of all images


@dataclass(frozen=True)
class Truth:
    """Pick rates, means over prompts where not said otherwise."""

    checkpoints: dict[str, float]
    chosen: float  # over all images of the kind
    probes: float


def measure_coverage(seeds: Sequence[int], processes: int) -> dict[str, Any]:
    """How many of a hundred intervals hold the truth, for each thing that is estimated."""
    each = REPLICATIONS // WORLDS
    found = spread(partial(_held, each), seeds[:WORLDS], processes)
    names = found[0][0].keys()
    held = {
        name: round(100 * float(np.mean([log[name] for logs in found for log in logs])), 1)
        for name in names
    }
    return {
        "offpolicy_coverage": min(held.values()),
        "offpolicy_coverage_of": held,
        "offpolicy_replications": each * WORLDS,
    }


def _held(replications: int, seed: int) -> list[dict[str, float]]:
    """For each log and estimate 1 where the interval holds the truth; a share over checkpoints."""
    decks = _decks(seed)
    rng = np.random.default_rng([seed, 8])
    truth = _truth(decks, rng)
    return [_holds(_log(decks, rng), truth) for _ in range(replications)]


def _holds(log: Sequence[GridSubmitted | GridRejected], truth: Truth) -> dict[str, float]:
    compared = comparison(log)
    assert compared is not None
    uniform = {name: 1 / len(truth.checkpoints) for name in truth.checkpoints}
    of_uniform = float(np.mean(list(truth.checkpoints.values())))
    return {
        "difference": _within(truth.chosen - truth.probes, compared.difference_interval),
        "ratio": _within(truth.chosen / truth.probes, compared.ratio_interval),
        "uniform": _covers(log, uniform, of_uniform),
        "checkpoint": float(
            np.mean([_covers(log, {name: 1.0}, rate) for name, rate in truth.checkpoints.items()])
        ),
    }


def _covers(
    log: Sequence[GridSubmitted | GridRejected], target: dict[str, float], rate: float
) -> float:
    value = checkpoint_value(log, target)
    return 0.0 if value is None else _within(rate, value.interval)


def _within(value: float, interval: tuple[float, float]) -> float:
    return float(interval[0] <= value <= interval[1])


def _decks(seed: int) -> list[Deck]:
    scenes = scenes_of(seed, Variant(), LEARNED + PROMPTS)
    taste = Taste(np.random.default_rng([seed, 4]), clusters=scenes[0].user.world.clusters)
    for scene in scenes[:LEARNED]:
        play(taste, scene)
    return [_deck(taste, scene) for scene in scenes[LEARNED:]]


def _deck(taste: Taste, scene: Scene) -> Deck:
    grids = [taste.propose(scene.prompt.keywords, scene.pool, COUNT) for _ in range(PROPOSED)]
    worth = np.array([[scene.values.of(p.candidate) for p in grid] for grid in grids])
    made = [p.candidate.checkpoint for grid in grids for p in grid]
    return Deck(scene, grids, worth, {c: made.count(c) / len(made) for c in set(made)})


def _truth(decks: Sequence[Deck], rng: np.random.Generator) -> Truth:
    """By looking at every grid again and again."""
    rates: list[dict[str, float]] = []
    sums = np.zeros((2, 2))  # of chosen and probes: picked, shown
    for deck in decks:
        picks = np.array([_often_picked(deck.scene.user, worth, rng) for worth in deck.worth])
        made = np.array([[p.candidate.checkpoint for p in grid] for grid in deck.grids])
        probe = np.array([[p.probe for p in grid] for grid in deck.grids])
        rates.append({name: float(picks[made == name].mean()) for name in deck.propensity})
        for row, mask in enumerate((~probe, probe)):
            sums[row] += picks[mask].sum(), mask.sum()
    always = [name for name in CHECKPOINTS if all(name in rate for rate in rates)]
    return Truth(
        {name: float(np.mean([rate[name] for rate in rates])) for name in always},
        *(float(picked / shown) for picked, shown in sums),
    )


def _often_picked(user: User, worth: Floats, rng: np.random.Generator) -> Floats:
    """How often each image of a grid is picked [images]."""
    counts = np.zeros(len(worth))
    for _ in range(LOOKS):
        counts[user.looks(user.seen(worth, rng), rng)] += 1
    return counts / LOOKS


def _log(decks: Sequence[Deck], rng: np.random.Generator) -> list[GridSubmitted | GridRejected]:
    return [_event(decks[int(rng.integers(len(decks)))], number, rng) for number in range(LOGGED)]


def _event(deck: Deck, number: int, rng: np.random.Generator) -> GridSubmitted | GridRejected:
    drawn = int(rng.integers(len(deck.grids)))
    user, grid = deck.scene.user, deck.grids[drawn]
    picked = set(user.looks(user.seen(deck.worth[drawn], rng), rng).tolist())
    images = tuple(
        ShownImage(
            image_id=f"{number}-{place}",
            index=place,
            candidate=proposal.candidate,
            picked=place in picked,
            checkpoint_propensity=deck.propensity[proposal.candidate.checkpoint],
            probe=proposal.probe,
        )
        for place, proposal in enumerate(grid)
    )
    kind = GridSubmitted if picked else GridRejected
    return kind(
        id=f"event-{number}",
        time="2026-01-01T00:00:00+00:00",
        profile="default",
        session="session",
        batch=f"batch-{number}",
        stage=0,
        prompt="",
        keywords=deck.scene.prompt.keywords,
        images=images,
        policy="taste",
    )
