"""Complexity: how much a prompt asks for, as one number whose parts can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["simple", "moderate", "complex"]
LEVELS: tuple[Level, ...] = ("simple", "moderate", "complex")

OTHER_WORD = 0.5
"""What a word of no known concept counts, beside a concept."""


@dataclass(frozen=True, slots=True)
class Complexity:
    """``score`` 0..1, the sum of ``parts``; each third of the range has its ``level``."""

    score: float
    level: Level
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is counted in a prompt; ``marks`` are its weights, schedules and LoRA tags."""

    concepts: int
    others: int
    categories: int
    subjects: int
    marks: int
    words: int


def complexity(measures: Measures) -> Complexity:
    """More of anything never makes a prompt simpler."""
    parts = {
        "concepts": _part(0.4, measures.concepts + OTHER_WORD * measures.others, 18),
        "categories": _part(0.25, measures.categories, 8),
        "subjects": _part(0.1, max(measures.subjects - 1, 0), 3),
        "weights": _part(0.1, measures.marks, 6),
        "length": _part(0.15, measures.words, 75),
    }
    score = min(sum(parts.values()), 1.0)
    return Complexity(score, LEVELS[min(int(score * 3), 2)], parts)


def _part(most: float, count: float, full: float) -> float:
    """The share of ``most`` that a count earns; ``full`` or more of it earns all."""
    return most * min(count / full, 1.0)
