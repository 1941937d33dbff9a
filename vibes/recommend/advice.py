"""Advice about sampling parameters: values, why, what else, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

Value = int | float | str
PARAMETERS = ("steps", "cfg", "sampler", "scheduler", "width", "height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How one image is sampled; sizes in pixels."""

    steps: int
    cfg: float
    sampler: str
    scheduler: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one image may cost: seconds on a server, bytes of GPU memory; None: no limit."""

    max_seconds: float | None = None
    max_vram: int | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value and what would be said for it."""

    value: Value
    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One parameter's value and its reason, a whole sentence.

    ``pinned``: model or workflow allow no other. ``settled``: the user's own, which nothing
    changes. ``confidence`` is how much the user's own habits speak for it, 0..1.
    """

    value: Value
    reason: str
    alternatives: tuple[Alternative, ...] = ()
    pinned: bool = False
    settled: bool = False
    confidence: float = 0.0

    def moved(self, value: Value, sentence: str, confidence: float | None = None) -> Chosen:
        """Another value, with its sentence before the rest; what it was becomes an alternative."""
        return replace(
            self,
            value=value,
            reason=f"{sentence} {self.reason}",
            alternatives=(Alternative(self.value, self.reason), *self.alternatives),
            confidence=self.confidence if confidence is None else confidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterAdvice:
    """What to sample with, for one prompt, tier and stage.

    ``baseline`` is what anyone would be advised who decided nothing: what habits are learned
    against. ``reasons``, ``alternatives`` and ``confidence`` (how much the user's own habits
    outweigh the rules, 0..1) are by parameter. ``seconds`` are always measured: None where nothing
    was. ``vram`` in bytes is measured or estimated by file and size; None: neither is known.
    ``fixed`` names parameters that model or workflow allow no other value of. ``trade_offs`` and
    ``suggestions`` are whole sentences. Alternatives of width and height with the same reason
    belong together.
    """

    parameters: Parameters
    baseline: Parameters
    reasons: Mapping[str, str]
    alternatives: Mapping[str, tuple[Alternative, ...]]
    confidence: Mapping[str, float]
    seconds: float | None = None
    vram: int | None = None
    vram_is_measured: bool = False
    fixed: frozenset[str] = frozenset()
    trade_offs: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
