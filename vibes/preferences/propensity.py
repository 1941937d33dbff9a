"""Marginal propensities by counting what a policy proposes when asked again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from vibes.recipes import Candidate

from .policy import Propensity, Proposal

GRIDS = 256  # standard error of a marginal over 20-image grids: at most 0.03
_SEED = 0x5EED  # of a stream of its own: asking must not change what is proposed next


def estimate(
    draw: Callable[[np.random.Generator], Sequence[Candidate]], proposals: Sequence[Proposal]
) -> list[Propensity]:
    """Marginals of each proposal's parts over ``GRIDS`` grids drawn with ``draw``.

    What was proposed was possible, so a part that no grid happened to contain counts as once.
    """
    rng = np.random.default_rng(_SEED)
    checkpoints: Counter[str] = Counter()
    loras: Counter[str] = Counter()
    for _ in range(GRIDS):
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
