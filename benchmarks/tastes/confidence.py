"""Whether "high confidence" deserves its name: checkpoints called best, against the truth.

At several points of a user's history the policy ranks the checkpoints for prompts it is not about
to be shown. It is right where its first is the one whose images, without any LoRA, this user values
most for the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vibes.preferences import Taste
from vibes.preferences.sentences import HIGH_CONFIDENCE

from .contest import spread
from .runs import Scene, Variant, play, scenes_of
from .world import CHECKPOINTS

AFTER = (10, 30, 100, 150, 200)  # grids
PROMPTS = 20  # asked about at each of these points
BANDS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Claim:
    """How likely the policy held its first choice to be the best, and whether it was."""

    after: int
    chance: float
    right: bool


def measure_confidence(seeds: Sequence[int], processes: int) -> dict[str, Any]:
    """How often it is said, how often it is right, and how both go with the stated chance."""
    found = spread(_claims, seeds, processes)
    claims = [claim for one in found for claim in one]
    sure = [claim for claim in claims if claim.chance >= HIGH_CONFIDENCE]
    return {
        "high_confidence_from": HIGH_CONFIDENCE,
        "high_confidence_right": _share([claim.right for claim in sure]),
        "high_confidence_count": len(sure),
        "high_confidence_said": _share([claim.chance >= HIGH_CONFIDENCE for claim in claims]),
        "high_confidence_said_after": {
            str(after): _share([c.chance >= HIGH_CONFIDENCE for c in claims if c.after == after])
            for after in AFTER
        },
        "right_by_chance": _by_band(claims),
    }


def _claims(seed: int) -> list[Claim]:
    scenes = scenes_of(seed, Variant(), max(AFTER))
    world = scenes[0].user.world
    taste = Taste(np.random.default_rng([seed, 4]), clusters=world.clusters)
    claims: list[Claim] = []
    for done, scene in enumerate(scenes, start=1):
        play(taste, scene)
        if done in AFTER:
            claims += _asked(taste, scene, done)
    return claims


def _asked(taste: Taste, scene: Scene, after: int) -> list[Claim]:
    rng = np.random.default_rng([scene.user.world.seed, 7, after])
    claims = []
    for _ in range(PROMPTS):
        prompt = scene.user.world.prompt(rng)
        best = CHECKPOINTS[scene.user.values(prompt).checkpoints.argmax()]
        first = max(taste.ranking(prompt.keywords, scene.pool), key=lambda v: v.chance_best)
        claims.append(Claim(after, first.chance_best, first.checkpoint == best))
    return claims


def _by_band(claims: Sequence[Claim]) -> Mapping[str, Any]:
    """Stated chance from … to: claims, and the share of them that was right."""
    table = {}
    for low, high in zip(BANDS, (*BANDS[1:], 1.01), strict=True):
        band = [claim.right for claim in claims if low <= claim.chance < high]
        table[f"{low:g}-{min(high, 1):g}"] = [len(band), _share(band)]
    return table


def _share(flags: Sequence[bool]) -> float | None:
    return round(float(np.mean(flags)), 3) if flags else None
