"""What was learned, as values for people to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One learned feature on the logit scale; ``parts`` as in Term, images and grids it was in."""

    kind: str
    parts: tuple[str, ...]
    mean: float
    sd: float
    grids: int
    selected: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is believed of a checkpoint for some keywords; counts are of the images with both."""

    checkpoint: str
    mean: float
    sd: float
    chance_best: float
    grids: int
    selected: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraVerdict:
    """What is believed of a LoRA at its best strength, on one checkpoint, for some keywords.

    ``confidence`` 0..1 is how much of the doubt about it the profile's own evidence took away.
    """

    lora: str
    strength: float
    mean: float
    sd: float
    chance_helps: float
    confidence: float
    grids: int
    selected: int
    total: int
