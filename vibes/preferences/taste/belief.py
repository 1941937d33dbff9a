"""What is believed of features: the profile's own evidence on top of what others taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .evidence import ETA, LAM, SEEN, Block, Evidence, Floats
from .model import CLOCK_FADE, SHARED, scales
from .prior import Prior

_FARTHEST = 20.0  # logits; an imported mean beyond it is as good as certain
_SUREST = 1e-4  # variance of an imported feature: nothing is known better


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Independent normal distributions, one per feature or whatever else is believed."""

    mean: Floats
    variance: Floats

    def __add__(self, other: Gaussian) -> Gaussian:
        """The sum of independent ones."""
        return Gaussian(self.mean + other.mean, self.variance + other.variance)

    def __getitem__(self, index: Any) -> Gaussian:
        """Some of them, as numpy selects."""
        return Gaussian(self.mean[index], self.variance[index])

    def scaled(self, part: Floats | float) -> Gaussian:
        """Multiplied by constants."""
        return Gaussian(self.mean * part, self.variance * part**2)

    def reshape(self, *shape: int) -> Gaussian:
        """The same in another shape."""
        return Gaussian(self.mean.reshape(shape), self.variance.reshape(shape))


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Reads what is believed at this moment; later evidence of others changes it."""

    own: Evidence
    others: Sequence[Evidence]
    imported: Prior | None

    def before(self, blocks: Sequence[Block]) -> Gaussian:
        """What is believed without the profile's own evidence.

        A feature is what users have in common plus what is this user's own; other users' evidence,
        widened by the latter, is evidence about the former (random effects of known variance).
        """
        runs = [run for block in blocks for run in scales(block.kind, block.tails)]
        counts = [count for count, _ in runs]
        mean = np.repeat(np.array([scale.mean for _, scale in runs]), counts)
        variance = np.repeat(np.array([scale.sd for _, scale in runs]), counts) ** 2
        if not self.others and self.imported is None:
            return Gaussian(mean, variance)
        own_part = (1 - SHARED) * variance
        common = self._imported(blocks, Gaussian(mean, SHARED * variance))
        precision, eta = 1 / common.variance, common.mean / common.variance
        for other in self.others:
            numbers = faded(other, other.read(other.find(blocks)))
            spread = 1 + numbers[:, LAM] * own_part
            precision = precision + numbers[:, LAM] / spread
            eta = eta + numbers[:, ETA] / spread
        return Gaussian(eta / precision, 1 / precision + own_part)

    def after(self, blocks: Sequence[Block]) -> Gaussian:
        """What is believed with everything learned."""
        own = faded(self.own, self.own.read(self.own.find(blocks)))
        return with_evidence(self.before(blocks), own)

    def is_known(self, blocks: Sequence[Block]) -> npt.NDArray[np.bool_]:
        """Whether anybody has evidence of each feature."""
        table = self.imported.by_head if self.imported else {}
        known = [tail in table.get(head, {}) for head, tails in blocks for tail in tails]
        found: npt.NDArray[np.bool_] = np.array(known, dtype=np.bool_)
        for one in (self.own, *self.others):
            found |= one.find(blocks) >= 0
        return found

    def _imported(self, blocks: Sequence[Block], common: Gaussian) -> Gaussian:
        start = 0
        for head, tails in blocks:
            known = self.imported.by_head.get(head, {}) if self.imported else {}
            for i, tail in enumerate(tails if known else (), start):
                if tail in known:
                    mean, variance = known[tail]
                    common.mean[i] = min(max(mean, -_FARTHEST), _FARTHEST)
                    common.variance[i] = min(max(variance, _SUREST), common.variance[i])
            start += len(tails)
        return common


def with_evidence(prior: Gaussian, numbers: Floats) -> Gaussian:
    """Bayes' rule for normal distributions; ``numbers`` are faded rows of evidence."""
    variance = 1 / (1 / prior.variance + numbers[:, LAM])
    return Gaussian(variance * (prior.mean / prior.variance + numbers[:, ETA]), variance)


def faded(evidence: Evidence, numbers: Floats) -> Floats:
    """The numbers as they count now: old evidence counts less."""
    left = CLOCK_FADE ** (evidence.clock - numbers[:, SEEN])
    numbers[:, ETA] *= left
    numbers[:, LAM] *= left
    return numbers
