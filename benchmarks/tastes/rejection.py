"""A grid of one checkpoint is rejected as a whole: does the user see less of it in the next?

The checkpoint is the one the policy shows most for the prompt, its LoRAs are those the policy would
put with it. The share in the next grid is the mean over several that might come next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from vibes.preferences import Policy, Pool, Taste, load_policy

from .contest import spread
from .runs import Scene, Variant, play, scenes_of
from .users import COUNT, outcome

AFTER = (3, 10, 30)  # grids the policy has learned from
LIMITS = (None, 3)
POSSIBLE = 10  # next grids


def measure_rejection(seeds: Sequence[int], processes: int) -> dict[str, Any]:
    """Change of the share in the next grid, for the same prompt: mean and 95 % interval."""
    found = spread(partial(_changes), seeds, processes)
    figures: dict[str, Any] = {}
    highest = -1.0
    for column, limit in enumerate(LIMITS):
        per_user = np.array([changes[column] for changes in found])
        before, change = per_user[:, 0], per_user[:, 1]
        spread_of_mean = 2.07 * change.std(ddof=1) / np.sqrt(len(change))  # t for 24 users
        low, high = change.mean() - spread_of_mean, change.mean() + spread_of_mean
        name = f"rejected_checkpoint{'' if limit is None else f'_{limit}'}"
        figures[f"{name}_share_before"] = round(float(before.mean()), 3)
        figures[f"{name}_change"] = round(float(change.mean()), 3)
        figures[f"{name}_change_interval"] = [round(float(low), 3), round(float(high), 3)]
        highest = max(highest, float(high))
    return {**figures, "rejected_checkpoint_change_at_most": round(highest, 3)}


def _changes(seed: int) -> list[list[float]]:
    """For each limit the share before and how it changes, means over the points in time."""
    scenes = scenes_of(seed, Variant(), max(AFTER) + 1)
    taste = Taste(np.random.default_rng([seed, 4]), clusters=scenes[0].user.world.clusters)
    rows = []
    for done, scene in enumerate(scenes):
        if done in AFTER:
            rows.append([_change(taste, scene, limit) for limit in LIMITS])
        play(taste, scene)
    return [[float(number) for number in row] for row in np.mean(rows, axis=0)]


def _change(taste: Taste, scene: Scene, limit: int | None) -> tuple[float, float]:
    """Done to a copy; the policy itself goes on as it was."""
    copy = load_policy(taste.dump(), np.random.default_rng(scene.number))
    pool = replace(scene.pool, max_checkpoints=limit)
    before = _shares(copy, scene, pool)
    checkpoint = max(before, key=lambda name: before[name])
    alone = replace(pool, checkpoints=(checkpoint,))
    shown = [p.candidate for p in copy.propose(scene.prompt.keywords, alone, COUNT)]
    copy.update(outcome(scene.prompt, pool, shown, np.empty(0, dtype=np.intp)))
    after = _shares(copy, scene, pool)
    return before[checkpoint], after.get(checkpoint, 0.0) - before[checkpoint]


def _shares(policy: Policy, scene: Scene, pool: Pool) -> dict[str, float]:
    """Checkpoint to its share of the images that might come next."""
    counts: Counter[str] = Counter()
    for _ in range(POSSIBLE):
        proposals = policy.propose(scene.prompt.keywords, pool, COUNT)
        counts.update(proposal.candidate.checkpoint for proposal in proposals)
    return {name: count / counts.total() for name, count in counts.items()}
