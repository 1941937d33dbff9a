"""Random grids for the tests of adherence: unit vectors and requirements of no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from vibes.prompts.encoders import unit_rows
from vibes.scoring.adherence import Adherence, Texts, adherences
from vibes.scoring.calibration import Calibrations
from vibes.scoring.requirements import Requirement

PATIENT = settings(deadline=None)  # a busy machine is no failure
SLOTS = ("colour", "subject", "place")


class Grid:
    """``pictures`` vectors and some requirements in so many dimensions, by a seed."""

    def __init__(self, seed: int, pictures: int, wanted: int, dimensions: int = 6):
        rng = np.random.default_rng(seed)
        self.images = unit_rows(rng.normal(size=(pictures, dimensions)).astype(np.float32))
        self.requirements = tuple(
            Requirement(f"thing {n}", SLOTS[n % 3], ("a", "b", "c")[: 1 + n % 3])
            for n in range(wanted)
        )
        rows = [1 + len(r.alternatives) for r in self.requirements]
        drawn = [unit_rows(rng.normal(size=(n, dimensions)).astype(np.float32)) for n in rows]
        (prompt,) = unit_rows(rng.normal(size=(1, dimensions)).astype(np.float32))
        self.texts = Texts(prompt, tuple(drawn))

    def scores(
        self,
        order: Sequence[int] | None = None,
        *,
        calibrations: Calibrations | None = None,
        method: str = "whole picture",
        model: str = "m",
    ) -> list[Adherence]:
        images = self.images if order is None else self.images[list(order)]
        return adherences(
            images,
            self.texts,
            self.requirements,
            scale=100,
            model=model,
            calibrations=calibrations,
            method=method,
        )


GRIDS = st.builds(Grid, st.integers(0, 10**6), st.integers(1, 8), st.integers(0, 5))
