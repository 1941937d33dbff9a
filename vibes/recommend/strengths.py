"""Strengths of LoRAs nobody has evidence about, and what all of them may add up to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem
from vibes.recipes import LoraUse

MAX_TOTAL = 3.0  # sum of all strengths, the typed ones included; more breaks pictures
WEAKEST, STRONGEST = 0.5, 0.8  # by relevance
CROWDED = 0.1  # what is taken off for the most complex prompt: a LoRA pulls away from all else
STATED = (0.3, 1.0)  # the bounds of what a maker's advice may ask for
LEAST = 0.3  # weaker ones are not worth their place
_STEPS = 20  # strengths are lowered in steps of a twentieth


def strength_for(
    fit: float, record: ModelRecord | None = None, *, complexity: float = 0.0
) -> float:
    """Where a LoRA starts, in steps of 0.1: what its maker advises, else by relevance.

    ``complexity`` of the prompt, 0..1, lowers what relevance alone says.
    """
    if record is not None and record.strength is not None:
        low, high = STATED
        return round(min(max(record.strength, low), high), 1)
    return round(WEAKEST + (STRONGEST - WEAKEST) * fit - CROWDED * complexity, 1)


def rebalanced(
    typed: Iterable[LoraUse], added: Sequence[LoraUse]
) -> tuple[tuple[LoraUse, ...], str | None]:
    """The added LoRAs, all weaker by the same factor as far as the total demands it, and why.

    Where one would become weaker than ``LEAST``, the last goes. Typed ones are never altered.
    """
    room = MAX_TOTAL - sum(abs(use.strength) for use in typed)
    kept = list(added) if room > 0 else []
    while kept:
        wanted = sum(abs(use.strength) for use in kept)
        if wanted <= room + 1e-9:  # 0.7 + 2.3 must pass
            break
        weaker = [_weaker(use, room / wanted) for use in kept]
        if min(abs(use.strength) for use in weaker) >= LEAST:
            kept = weaker
            break
        kept.pop()
    return tuple(kept), _told(added, kept)


def _weaker(use: LoraUse, factor: float) -> LoraUse:
    steps = math.floor(abs(use.strength) * factor * _STEPS + 1e-9)
    return replace(use, strength=math.copysign(steps / _STEPS, use.strength))


def _told(added: Sequence[LoraUse], kept: Sequence[LoraUse]) -> str | None:
    changed = [
        f"{stem(before.name)} is at {after.strength:g} instead of {before.strength:g}"
        for before, after in zip(added, kept, strict=False)
        if before != after
    ]
    changed += [f"{stem(use.name)} is left out" for use in added[len(kept) :]]
    return f"{', '.join(changed)}: all strengths together stay within 3." if changed else None
