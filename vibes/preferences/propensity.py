"""Marginal propensities by counting what a policy proposes when asked again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from vibes.recipes import Candidate

from .policy import Propensity, Proposal

IMAGES = 256 * 20  # drawn in all; standard error of a marginal over 20-image grids: at most 0.03
MOST_GRIDS = 256  # of small grids, and at least an eighth as many of large ones
_SEED = 0x5EED  # of a stream of its own: asking must not change what is proposed next


def estimate(
    draw: Callable[[np.random.Generator], Sequence[Candidate]], proposals: Sequence[Proposal]
) -> list[Propensity]:
    """Marginals of each proposal's parts over grids drawn with ``draw``.

    What was proposed was possible, so a part that no grid happened to contain counts as once.
    """
    rng = np.random.default_rng(_SEED)
    checkpoints: Counter[str] = Counter()
    loras: Counter[str] = Counter()
    for _ in range(_grids(len(proposals))):
        for candidate in draw(rng):
            checkpoints[candidate.checkpoint] += 1
            loras.update(lora.name for lora in candidate.loras)
    images = max(checkpoints.total(), 1)
    return [
        Propensity(
            checkpoint=max(checkpoints[made_with.checkpoint], 1) / images,
            loras={lora.name: max(loras[lora.name], 1) / images for lora in made_with.loras},
        )
        for made_with in (proposal.candidate for proposal in proposals)
    ]


def _grids(size: int) -> int:
    """How many grids of a size make a good estimate."""
    return min(max(IMAGES // max(size, 1), MOST_GRIDS // 8), MOST_GRIDS)
