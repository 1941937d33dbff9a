"""Comparing LoRAs on purpose: the arms of a grid that varies nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import cycle, islice
from typing import NamedTuple, TypeVar

from vibes.catalog.names import stem
from vibes.preferences import Proposal
from vibes.recipes import Candidate, LoraUse

T = TypeVar("T", bound=Hashable)

WEAKER = 0.6  # of a single LoRA's strength: what it is compared with


class Arm(NamedTuple):
    """One of the ways that are compared."""

    name: str
    loras: tuple[LoraUse, ...]


def lora_arms(proposals: Sequence[Proposal], count: int) -> list[Proposal]:
    """``count`` proposals that take the arms in turn, all on the checkpoint proposed most.

    With the two LoRAs proposed most, A and B: A, B, A+B, none. With one: at its strength, weaker,
    none. Where none was proposed there is nothing to compare. A tie goes to the earlier one.
    """
    if not proposals:
        return []
    checkpoint = _most(one.candidate.checkpoint for one in proposals)
    arms = _arms(_best_two(proposals))
    return [
        Proposal(Candidate(checkpoint, arm.loras), _reason(arm, checkpoint))
        for arm in islice(cycle(arms), count)
    ]


def _best_two(proposals: Sequence[Proposal]) -> list[LoraUse]:
    """The LoRAs proposed most, each at the strength it was proposed at most."""
    uses = [use for one in proposals for use in one.candidate.loras]
    names = [name for name, _ in Counter(use.name for use in uses).most_common(2)]
    return [_most(use for use in uses if use.name == name) for name in names]


def _arms(best: Sequence[LoraUse]) -> list[Arm]:
    if not best:
        return [Arm("none", ())]
    if len(best) == 1:
        (use,) = best
        weaker = LoraUse(use.name, round(use.strength * WEAKER, 2))
        return [Arm("A", (use,)), Arm("A weaker", (weaker,)), Arm("none", ())]
    first, second = best
    return [Arm("A", (first,)), Arm("B", (second,)), Arm("A+B", (first, second)), Arm("none", ())]


def _reason(arm: Arm, checkpoint: str) -> str:
    used = " and ".join(f"{stem(use.name)} at {use.strength:g}" for use in arm.loras)
    return f"Arm {arm.name} of a comparison: {used or 'no LoRA'} on {stem(checkpoint)}."


def _most(values: Iterable[T]) -> T:
    """Of what comes most often, the first."""
    return Counter(values).most_common(1)[0][0]
