"""The policy "taste": a Bayesian choice model of what one user likes."""

from __future__ import annotations

from .effects import Effect, LoraVerdict, Verdict
from .policy import Taste
from .prior import Prior

__all__ = ["Effect", "LoraVerdict", "Prior", "Taste", "Verdict"]
